// Every way an open fails has its own code and a remedy that names what a technician can do.
import { describe, expect, it } from 'vitest';
import { openFault } from '../../../devices/serial/open-fault.ts';

describe('a failed open', () => {
  it.each([
    ['Error: No such file or directory, cannot open /dev/ttyX', 'DEVICE_ABSENT', /by-id/],
    ['connect ECONNREFUSED 127.0.0.1:4001', 'DEVICE_ABSENT', /path/],
    ['Error Resource temporarily unavailable Cannot lock port', 'DEVICE_BUSY', /other program/],
    ['Error: Permission denied, cannot open /dev/ttyX', 'DEVICE_FORBIDDEN', /dialout/],
    ['connect EACCES /run/line.sock', 'DEVICE_FORBIDDEN', /access/],
    ['Error: Inappropriate ioctl for device, cannot get', 'DEVICE_UNSUPPORTED', /serial device/],
  ] as const)('%s is %s', (message, code, remedy) => {
    const fault = openFault('/dev/ttyX', new Error(message));
    expect(fault).toMatchObject({ code, remedy: expect.stringMatching(remedy) });
    expect(fault.message).toContain('/dev/ttyX');
    expect(fault.message).toContain(message);
  });
});
