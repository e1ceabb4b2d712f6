// The built page, read once at start: a handful of files with exact media types, so that serving them
// needs no path handling and nothing outside the list can be asked for.
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { messageOf, StileError } from '../../runtime/core/errors.ts';

export interface PageFile {
  readonly mediaType: string;
  readonly content: Buffer;
  /** The name carries a hash of the content, so a browser may keep it. */
  readonly hashed: boolean;
}

/** Where the page carries the secret of this start; replaced when the page is served. */
export const TOKEN_PLACEHOLDER = '{{street-token}}';
export const START_PLACEHOLDER = '{{street-start}}';

export const MAX_PAGE_FILES = 64;
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Files by their address, such as `/assets/index-1a2b.js`; the page itself is `/index.html`. */
export async function readPageFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const names = await namesIn(folder);
  if (names.length > MAX_PAGE_FILES) throw notThePage(folder, `it holds more than ${MAX_PAGE_FILES} files`);
  const files = new Map<string, PageFile>();
  let totalBytes = 0;
  for (const name of names) {
    const mediaType = mediaTypes[extname(name)];
    if (mediaType === undefined) continue;
    totalBytes += (await stat(join(folder, name))).size;
    if (totalBytes > MAX_PAGE_BYTES) throw notThePage(folder, `it holds more than ${MAX_PAGE_BYTES} bytes`);
    const content = await readFile(join(folder, name));
    files.set(`/${name.split(sep).join('/')}`, { mediaType, content, hashed: name.startsWith(`assets${sep}`) });
  }
  if (!files.has('/index.html')) throw notThePage(folder, 'it has no index.html');
  return files;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length));
  } catch (cause) {
    throw notThePage(folder, messageOf(cause), cause);
  }
}

const notThePage = (folder: string, why: string, cause?: unknown): StileError =>
  new StileError('FILE_UNREADABLE', `the street page in ${folder} cannot be served: ${why}`, {
    remedy: 'Build it with: npm run build',
    cause,
  });
