// What the borrowing page says, in the languages of the machines. A visitor is told what to do next, never a code.
import type { ReasonCode } from '../../../../runtime/records/reasons.ts';
import type { CodeRefusal, PageLanguage } from '../../loans/code-desk.ts';
import type { OrderReason } from '../../loans/code-store.ts';

export interface Said {
  readonly zh: string;
  readonly en: string;
}

export const words = {
  title: { zh: '借用讲解器', en: 'Borrow an audio guide' },
  choose: { zh: '请选择语言，柜门随即打开。', en: 'Choose a language; a door will open.' },
  languageName: { zh: '中文讲解', en: 'English guide' },
  free: { zh: '免费时长（分钟）', en: 'Free minutes' },
  period: { zh: '之后每时段', en: 'Then, for each period' },
  minutes: { zh: '分钟', en: 'minutes' },
  dailyMax: { zh: '每日最高', en: 'At most, a day' },
  deposit: { zh: '押金（归还后退回）', en: 'Deposit (given back on return)' },
  returnAnywhere: {
    zh: '可在任一台机器归还，放入空格并看到确认即可。',
    en: 'Give it back at any machine: put it into an empty slot and wait for the confirmation.',
  },
  wait: { zh: '请稍候，正在联系机器……', en: 'One moment, asking the machine …' },
  take: {
    zh: '请到机器前，从打开的格子取出讲解器。',
    en: 'Please take the guide from the open slot of the machine.',
  },
  unanswered: {
    zh: '机器没有回应。如果柜门已打开，请取出讲解器；否则请重新扫码。没有取出就不收费。',
    en: 'The machine did not answer. If a door is open, take the guide; else scan the new code. What is not taken costs nothing.',
  },
  nothingHere: { zh: '没有此页面。请扫描机器上的二维码。', en: 'No such page. Please scan the code on the machine.' },
  notUnderstood: {
    zh: '无法识别。请重新扫描机器上的二维码。',
    en: 'Not understood. Please scan the code on the machine again.',
  },
} as const satisfies Record<string, Said>;

const scanAgain: Said = {
  zh: '此码已过期，请扫描机器上的新码。',
  en: 'This code is over. Please scan the new one on the machine.',
};
const codeUnknown: Said = { zh: '无法识别此码，请咨询工作人员。', en: 'Code not recognised, please see staff.' };
const machineTrouble: Said = {
  zh: '设备故障，请联系工作人员。没有收费。',
  en: 'Machine trouble, please see staff. Nothing was charged.',
};

export const refusalWords: Readonly<Record<CodeRefusal, Said>> = {
  UNKNOWN_MACHINE: codeUnknown,
  BAD_SIGNATURE: codeUnknown,
  EXPIRED: scanAgain,
  TAKEN: {
    zh: '另一部手机先扫了此码。请扫描机器上的新码。',
    en: 'Another phone was first with this code. Please scan the new one on the machine.',
  },
  BUSY: { zh: '机器正忙，请稍后重新扫码。', en: 'The machine is busy. Please scan again in a moment.' },
};

/** Why an order came to nothing; reasons not named here are the machine's trouble. */
const endWords: Readonly<Partial<Record<ReasonCode, Said>>> & Readonly<Record<'DEPOSIT_REFUSED' | 'NO_ANSWER', Said>> =
  {
    DEPOSIT_REFUSED: {
      zh: '押金未能冻结。请在手机上检查付款方式，然后重新扫码。',
      en: 'The deposit could not be held. Check your way of paying, then scan again.',
    },
    NO_ANSWER: {
      zh: '付款方没有回应，没有收费。请重新扫码。',
      en: 'There was no answer in time, and nothing was charged. Please scan again.',
    },
    NO_STOCK: { zh: '暂无讲解器，请到下一台机器。', en: 'No guide is free here; please try the next machine.' },
    SITE_FULL: { zh: '机器正忙，请稍后重新扫码。', en: 'The machine is busy. Please scan again in a moment.' },
    COMMAND_EXPIRED: { zh: '已超时，请重新扫码。', en: 'That took too long. Please scan again.' },
  };

export const endWordsOf = (reason: OrderReason | null): Said =>
  (reason === null ? undefined : endWords[reason]) ?? machineTrouble;

export const languageNames: Readonly<Record<PageLanguage, string>> = {
  zh: words.languageName.zh,
  en: words.languageName.en,
};
