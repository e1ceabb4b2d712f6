// The head end's signed time on its way to the terminal's clock. Where it ends a time without trust it is written down:
// that row ties this boot's monotonic time to true time, so that the head end can date the rows before it without
// changing them.
import type { TimeSink } from '../../../sync/terminal/ports.ts';
import type { TrustedTime } from '../../core/trusted-time.ts';
import type { Payload } from '../../records/payload.ts';
import type { RowType } from '../../records/row-types.ts';

export function journalledTime(time: TrustedTime, write: (type: RowType, payload: Payload) => void): TimeSink {
  return {
    observeSigned: (timeMs, errorMs) => {
      const before = time.now();
      const believed = time.observeSigned(timeMs, errorMs);
      if (believed && before.state === 'UNTRUSTED') {
        write('CLOCK', { act: 'sync', fromMs: before.wallMs, toMs: timeMs, trigger: 'sync' });
      }
      return believed;
    },
  };
}
