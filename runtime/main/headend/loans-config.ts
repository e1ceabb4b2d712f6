// What a head end with guide cabinets is told beside: what a guide costs, who holds deposits, and where phones find the
// borrowing page.
import { z } from 'zod';
import type { LoanPolicy } from '../../../sync/headend/loans/loan.ts';
import { loanDefaults } from '../../fares/loan-fee.ts';
import { aGroup, pattern, wholeNumber } from '../config/fields.ts';

const minor = wholeNumber(0, 100_000_000);
const minutes = wholeNumber(0, 525_600);
/** The page is served on loopback; what a proxy calls it is what phones open. */
const origin = pattern(/^https:\/\/[a-z0-9.-]{1,100}(:\d{1,5})?$/, 'must be https://NAME, without a path');

export const loansSchema = z
  .strictObject(
    {
      page: z
        .strictObject({ port: wholeNumber(0, 65_535).default(8_081), origin: origin.optional() }, aGroup)
        .prefault({}),
      currency: pattern(/^[A-Z]{3}$/, 'must be ISO 4217'),
      decimals: wholeNumber(0, 3).default(2),
      freeMinutes: minutes.default(0),
      periodMinutes: wholeNumber(1, 1_440),
      periodMinor: minor,
      dailyMaxMinor: minor,
      lostMinor: minor,
      presumedFreeMinutes: minutes.default(loanDefaults.presumedFreeMinutes),
      freezeMinutes: minutes.default(loanDefaults.freezeMinutes),
      overdueMinutes: wholeNumber(1, 525_600).default(240),
      lostMinutes: wholeNumber(1, 525_600).default(4_320),
      lateReturnDays: wholeNumber(0, 365).default(7),
      foundFee: z.enum(['none', 'untilFound']).default('none'),
      deposit: z
        .strictObject({ provider: z.enum(['simulated']), amountMinor: wholeNumber(1, 100_000_000) }, aGroup)
        .optional(),
    },
    aGroup,
  )
  .refine(({ overdueMinutes, lostMinutes }) => overdueMinutes < lostMinutes, 'must be overdue before it is lost');
export type LoansConfig = z.infer<typeof loansSchema>;

export function policyOf(loans: LoansConfig): LoanPolicy {
  const { currency, freeMinutes, periodMinutes, periodMinor, dailyMaxMinor, lostMinor } = loans;
  const { presumedFreeMinutes, freezeMinutes, overdueMinutes, lostMinutes, lateReturnDays, foundFee, deposit } = loans;
  const prices = { currency, freeMinutes, periodMinutes, periodMinor, dailyMaxMinor, lostMinor };
  return {
    terms: { ...prices, presumedFreeMinutes, freezeMinutes },
    depositMinor: deposit?.amountMinor ?? 0,
    overdueMinutes,
    lostMinutes,
    lateReturnDays,
    foundFee,
  };
}
