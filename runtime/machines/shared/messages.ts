// What people are told for each reason, and how: cue and wording as data. Two lines of a small screen, at
// most 40 Latin or 16 Han characters; no blame, no debt, no amount.
import type { ReasonCode } from '../../records/reasons.ts';
import type { SignalCue } from './effects.ts';

export interface Message {
  readonly cue: SignalCue;
  /** `{time}` stands for the local time the signal carries. */
  readonly en: string;
  readonly zh: string;
}

const refresh: Message = { cue: 'refused', en: 'Please refresh the code', zh: '请刷新二维码' };
const connect: Message = { cue: 'refused', en: 'Connect your phone, then scan again', zh: '请联网后重新扫码' };
const notHere: Message = { cue: 'refused', en: 'Not valid here', zh: '此处不可用' };
const alreadyUsed: Message = { cue: 'refused', en: 'Already used {time}', zh: '已使用 {time}' };
const staff: Message = { cue: 'staff', en: 'Please see staff', zh: '请咨询工作人员' };
const seeApp: Message = { cue: 'refused', en: 'Not accepted, see your app', zh: '未受理，请查看应用' };
const notRecognised: Message = { cue: 'refused', en: 'Code not recognised', zh: '无法识别此码' };
const trouble: Message = { cue: 'staff', en: 'Machine trouble: see staff', zh: '设备故障，请联系工作人员' };

export const messages: Readonly<Record<ReasonCode, Message>> = {
  OK: { cue: 'accepted', en: 'Accepted', zh: '已受理' },
  REPEAT: { cue: 'repeat', en: 'Already accepted', zh: '已受理' },
  MALFORMED: notRecognised,
  UNSUPPORTED_FORMAT: notRecognised,
  UNKNOWN_ISSUER: notRecognised,
  UNKNOWN_KEY: notRecognised,
  KEY_EXPIRED: notRecognised,
  NOT_YET_VALID: { cue: 'refused', en: 'Not valid yet', zh: '尚未生效' },
  EXPIRED: { cue: 'refused', en: 'No longer valid', zh: '已截止' },
  STALE_CODE: refresh,
  CREDENTIAL_EXPIRED: connect,
  CLOCK_UNTRUSTED: trouble,
  REPLAYED: refresh,
  BAD_SIGNATURE: notRecognised,
  DENIED: seeApp,
  REVOKED: seeApp,
  WRONG_SITE: notHere,
  WRONG_GATE: notHere,
  WRONG_PRODUCT: notHere,
  ID_REQUIRED: staff,
  PROOF_REQUIRED: staff,
  ALREADY_USED: alreadyUsed,
  PASSBACK: alreadyUsed,
  GROUP_LIMIT: alreadyUsed,
  REENTRY_NEEDS_EXIT: { cue: 'staff', en: 'No exit seen, see staff', zh: '请咨询工作人员' },
  OFFLINE_LIMIT: connect,
  LISTS_TOO_OLD: trouble,
  STORAGE_FULL: trouble,
  SITE_FULL: { cue: 'refused', en: 'Full, please wait', zh: '客满，请稍候' },
  NO_STOCK: { cue: 'refused', en: 'Nothing available here', zh: '暂无可用' },
  DEVICE_FAULT: trouble,
  FARE_UNKNOWN: trouble,
  OVER_LIMIT: seeApp,
  OUT_OF_SERVICE: { cue: 'outOfOrder', en: 'Machine trouble: see staff', zh: '设备故障，请联系工作人员' },
  COMMAND_EXPIRED: { cue: 'refused', en: 'Took too long, scan again', zh: '已超时，请重扫' },
  VOID_TOO_LATE: { cue: 'refused', en: 'Void by refund only', zh: '仅可退款' },
  WRONG_ROLE: { cue: 'refused', en: 'Not for this badge', zh: '此工牌无权限' },
  BADGE_REQUIRED: { cue: 'refused', en: 'Show your badge first', zh: '请先出示工牌' },
  ACT_NOT_POSSIBLE: { cue: 'refused', en: 'Not possible now', zh: '现在无法执行' },
};

/** A validator welcomes, a gate lane bids to go in, a cabinet to take the guide; only the driver is beside a bus. */
export type MachineKind = 'validator' | 'gateLane' | 'cabinet';
const driver = { en: 'Machine trouble: see the driver', zh: '设备故障，请联系工作人员' };
const ownWords: Readonly<Record<MachineKind, Partial<Record<ReasonCode, Pick<Message, 'en' | 'zh'>>>>> = {
  validator: {
    OK: { en: 'Welcome', zh: '请上车' },
    FARE_UNKNOWN: driver,
    CLOCK_UNTRUSTED: driver,
    LISTS_TOO_OLD: driver,
    STORAGE_FULL: driver,
    DEVICE_FAULT: driver,
    OUT_OF_SERVICE: driver,
  },
  gateLane: { OK: { en: 'Please go in', zh: '请通行' } },
  cabinet: { OK: { en: 'Take your guide', zh: '请取讲解器' } },
};

/** What a message can name besides a time; null where the signal carries none. */
export interface MessageDetails {
  readonly place: string | null;
  readonly waitMinutes: number | null;
}

/** The words for a screen; `time` is local and ready to read, or null where the signal carries none. */
export function wordsFor(
  machine: MachineKind,
  reason: ReasonCode,
  time: string | null,
  details: MessageDetails | null = null,
): { readonly en: string; readonly zh: string } {
  const exact = detailed(reason, time, details);
  if (exact !== null && exact.en.length <= latinMax && exact.zh.length <= hanMax) return exact;
  const fill = (text: string): string => text.replace('{time}', time ?? '').trim();
  const words = ownWords[machine][reason] ?? messages[reason];
  return { en: fill(words.en), zh: fill(words.zh) };
}

/** What a line of the small screen holds. */
const latinMax = 40;
const hanMax = 16;

/** The same message with what it can name in it; what is too long for the screen is left out. */
function detailed(
  reason: ReasonCode,
  time: string | null,
  details: MessageDetails | null,
): Pick<Message, 'en' | 'zh'> | null {
  const { place, waitMinutes } = details ?? { place: null, waitMinutes: null };
  if (reason === 'NOT_YET_VALID' && time !== null) return { en: `Valid from ${time}`, zh: `${time}起可用` };
  if (reason === 'EXPIRED' && time !== null) return { en: `Valid until ${time}`, zh: `${time}已截止` };
  if (reason === 'WRONG_GATE' && place !== null) return { en: `Please use ${place}`, zh: `请走${place}通道` };
  if (reason === 'SITE_FULL' && waitMinutes !== null)
    return { en: `Full, about ${waitMinutes} min`, zh: `客满，约${waitMinutes}分钟` };
  return null;
}
