// Where on the page each reader is, and which of them a tap on the phone means.
import { useMemo, useRef } from 'preact/hooks';
import type { Choice } from './choice.ts';

export interface Readers {
  place(terminal: string, element: HTMLElement | null): void;
  of(terminal: string): HTMLElement | null;
}

export function useReaders(): Readers {
  const places = useRef(new Map<string, HTMLElement>());
  return useMemo(
    () => ({
      place(terminal, element) {
        if (element) places.current.set(terminal, element);
        else places.current.delete(terminal);
      },
      of: (terminal) => places.current.get(terminal) ?? null,
    }),
    [],
  );
}

const nearest: Readonly<Record<Exclude<Choice, 'ride'>, string>> = {
  ticket: 'lane-1',
  early: 'lane-1',
  group: 'lane-2',
  badge: 'lane-1',
  loanCode: 'cabinet-1',
  paper: 'cabinet-1',
  camera: 'cabinet-1',
};

export const nearestReader = (choice: Choice, bus: string): string => (choice === 'ride' ? bus : nearest[choice]);
