// Turns what the system says about a failed open into the fault a technician can act on.
import { messageOf, StileError } from '../../runtime/core/errors.ts';

const causes = [
  {
    code: 'DEVICE_BUSY',
    pattern: /lock port|EBUSY|resource busy|another host holds/i,
    remedy: 'End the other program that holds this line, or correct the path if two devices name the same one.',
  },
  {
    code: 'DEVICE_FORBIDDEN',
    pattern: /permission denied|EACCES|EPERM|operation not permitted/i,
    remedy: 'Give the user of this process access to the device, usually by membership in the group dialout.',
  },
  {
    code: 'DEVICE_UNSUPPORTED',
    pattern: /inappropriate ioctl|is not a serial|not a tty|baud/i,
    remedy: 'Name a serial device that supports the configured baud rate.',
  },
] as const;

export function openFault(path: string, error: unknown): StileError {
  if (error instanceof StileError) return error;
  const message = messageOf(error);
  const known = causes.find((cause) => cause.pattern.test(message));
  return new StileError(known?.code ?? 'DEVICE_ABSENT', `line ${path} cannot be opened: ${message}`, {
    remedy: known?.remedy ?? 'Plug the device in, or correct the path; /dev/serial/by-id lists what is present.',
    cause: error,
  });
}
