// What a cabinet says beside lamp and sound: lines for a screen, the code that a phone scans, and calls for staff.
import type { MonoMs } from '../../core/brand.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { PromptName } from '../../machines/cabinet/prompts.ts';

export type CabinetNotice =
  | {
      readonly kind: 'prompt';
      readonly prompt: PromptName;
      /** 1 for the first; null where no slot is meant. */
      readonly slot: number | null;
      readonly en: string;
      readonly zh: string;
      /** Six characters of the row behind it; null where none is. */
      readonly ref: string | null;
    }
  | { readonly kind: 'code'; readonly nonce: Bytes; readonly expiresMonoMs: MonoMs }
  /** The code leaves the screen; the reader is offered instead. */
  | { readonly kind: 'noCode' }
  | { readonly kind: 'staff'; readonly why: string; readonly slot: number | null };
