// A figure that cannot be made again is a claim: every command of docs/figures.md exists, and every
// benchmark that exists is in it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benches } from '../../bench/benches.ts';

const root = join(import.meta.dirname, '../../..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const scripts = (JSON.parse(text('package.json')) as { scripts: Record<string, string> }).scripts;
const commands = [...text('docs/figures.md').matchAll(/npm run (?:--silent )?([\w:-]+)(?: -- ([\w-]+))?/g)];
const names = [...Object.keys(benches), 'all'];

describe('docs/figures.md', () => {
  it('names a command for its figures', () => {
    expect(commands.length).toBeGreaterThan(0);
  });

  it.each(commands.map(([command, script, name]) => ({ command, script, name })))(
    '$command exists',
    ({ script = '', name }) => {
      expect(Object.keys(scripts)).toContain(script);
      if (script === 'bench') expect(names).toContain(name);
    },
  );

  it('names every benchmark, and the one command for all', () => {
    const benched = commands.filter(([, script]) => script === 'bench');
    expect([...new Set(benched.map(([, , name]) => name))].toSorted()).toEqual(names.toSorted());
  });

  it('is where README sends those who ask for figures', () => {
    expect(text('README.md')).toContain('](docs/figures.md)');
  });
});
