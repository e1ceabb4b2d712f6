// The key of a site is a secret of its machines: a file that others may read, or that holds something else, is refused.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SiteNetwork } from '../../../runtime/main/terminal/site-network.ts';

const folder = mkdtempSync(join(tmpdir(), 'stile-site-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const place = { number: 9, lane: 'hall-a' };
const key = 'ab'.repeat(32);

function opened(content: string, mode: number): SiteNetwork {
  const keyFile = join(folder, 'site.key');
  writeFileSync(keyFile, content);
  chmodSync(keyFile, mode);
  return new SiteNetwork(place, { brokers: [], keyFile });
}

describe('the key of a site', () => {
  it('is 32 bytes in hexadecimal, for its own user alone', () => {
    expect(opened(`${key}\n`, 0o600).reachable).toBe(false);
  });

  it.each([
    ['others may read', key, 0o644, 'IDENTITY_INVALID'],
    ['is too short', key.slice(2), 0o600, 'CONFIG_INVALID'],
    ['is no hexadecimal', `z${key.slice(1)}`, 0o600, 'CONFIG_INVALID'],
  ])('that %s is refused', (_what, content, mode, code) => {
    expect(() => opened(content, mode)).toThrow(expect.objectContaining({ code }));
  });

  it('that is not there is refused', () => {
    const missing = { brokers: [], keyFile: join(folder, 'none') };
    expect(() => new SiteNetwork(place, missing)).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }));
  });
});
