// Reads the version floors that sync keeps in the journal.
import { JournalFloor } from '../../../sync/terminal/journal-floor.ts';
import type { Journal } from '../../store/journal.ts';
import type { HeldDocumentsOptions } from '../../terminal/held-documents.ts';

export function floorReader(journal: Journal): HeldDocumentsOptions['floorOf'] {
  const floors = new JournalFloor(journal);
  return (name) => floors.get(name);
}
