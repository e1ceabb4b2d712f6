// `npm run lock`, after a change of dependencies: completes package-lock.json for other platforms.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completePlatforms } from './lock-platforms.ts';

const path = process.argv[2] ?? join(import.meta.dirname, '../../package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));
lock.packages = completePlatforms(lock.packages);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
