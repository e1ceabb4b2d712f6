// The pages a visitor sees after scanning a cabinet: plain HTML without script, that works on any phone and loads
// nothing from anywhere else. No page names a person.
import type { LoanTerms } from '../../../../runtime/fares/loan-fee.ts';
import { type PageLanguage, pageLanguages } from '../../loans/code-desk.ts';
import type { ScannedOrder } from '../../loans/code-store.ts';
import { endWordsOf, languageNames, type Said, words } from './words.ts';

export const stylePath = 'style.css';

export interface Offer {
  readonly terms: LoanTerms;
  readonly depositMinor: number;
  /** Minor units of the currency in one, as ISO 4217 gives them: 2 for hundredths. */
  readonly decimals: number;
}

/** `action`: where the choice is sent. `fields`: what the scanned code said, and the phone's mark. */
export function choicePage(action: string, fields: Readonly<Record<string, string>>, offer: Offer): string {
  const hidden = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  );
  const buttons = pageLanguages.map(
    (language) =>
      `<button type="submit" name="lang" value="${language}" lang="${language}">${languageNames[language]}</button>`,
  );
  const form = `<form method="post" action="${escaped(action)}">${hidden.join('')}${buttons.join('')}</form>`;
  return page(action, both(words.choose) + form + prices(offer) + both(words.returnAnywhere), null);
}

/** What became of the order; asks again by itself while it is on its way. */
export function orderPage(action: string, order: ScannedOrder): string {
  const waits = order.stage === 'claimed' || order.stage === 'sent';
  const language = pageLanguages.find((known) => known === order.language) ?? null;
  const text = waits ? words.wait : saidOf(order);
  const more = order.stage === 'answered' ? said(words.returnAnywhere, language) : '';
  return page(action, said(text, language) + more, waits ? 2 : null);
}

export const messagePage = (action: string, text: Said): string => page(action, both(text), null);

function saidOf({ stage, reason }: ScannedOrder): Said {
  if (stage === 'answered') return reason === 'OK' ? words.take : words.unanswered;
  return endWordsOf(reason);
}

function prices({ terms, depositMinor, decimals }: Offer): string {
  const money = (minor: number): string => `${(minor / 10 ** decimals).toFixed(decimals)} ${terms.currency}`;
  const rows: readonly (readonly [Said, string])[] = [
    [words.free, String(terms.freeMinutes)],
    [words.period, `${terms.periodMinutes} ${words.minutes.zh} / ${words.minutes.en}: ${money(terms.periodMinor)}`],
    [words.dailyMax, money(terms.dailyMaxMinor)],
    ...(depositMinor > 0 ? [[words.deposit, money(depositMinor)] as const] : []),
  ];
  const lines = rows.map(
    ([{ zh, en }, value]) =>
      `<dt><span lang="zh">${zh}</span> <span lang="en">${en}</span></dt><dd>${escaped(value)}</dd>`,
  );
  return `<dl>${lines.join('')}</dl>`;
}

function page(action: string, body: string, refreshSeconds: number | null): string {
  const refresh = refreshSeconds === null ? '' : `<meta http-equiv="refresh" content="${refreshSeconds}">`;
  return `<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${words.title.zh} · ${words.title.en}</title>${refresh}
<link rel="stylesheet" href="${escaped(action)}/${stylePath}"></head>
<body><main><h1>${words.title.zh}<br><span lang="en">${words.title.en}</span></h1>${body}</main></body></html>
`;
}

const said = (text: Said, language: PageLanguage | null): string =>
  language === null ? both(text) : `<p lang="${language}">${escaped(text[language])}</p>`;
const both = (text: Said): string => said(text, 'zh') + said(text, 'en');

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export const style = `:root{color-scheme:light dark;font:1.15rem/1.5 system-ui,sans-serif}
body{margin:0;padding:1.2rem}main{max-width:32rem;margin:auto}h1{font-size:1.5rem}
form{display:grid;gap:.8rem;margin:1.2rem 0}
button{font:inherit;font-size:1.3rem;min-height:3.6rem;border:2px solid;border-radius:.6rem;background:#0a5c36;color:#fff}
dl{display:grid;grid-template-columns:1fr auto;gap:.3rem 1rem}dd{margin:0;text-align:right}
`;
