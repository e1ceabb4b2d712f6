// Draws a part of the page again every so often, for what changes by time alone.
import { useEffect, useState } from 'preact/hooks';

export function useNow(periodMs: number): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), periodMs);
    return () => clearInterval(timer);
  }, [periodMs]);
  // A snapshot may be newer than the last tick.
  return Math.max(now, performance.now());
}

/** The value once it has stood for `delayMs`: a screen reader is not told what lasts a blink. */
export function useSettled<Value>(value: Value, delayMs: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(() => value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}

/** True until the value has stood for `forMs`. */
export function useFor<Value>(value: Value, forMs: number): boolean {
  const [over, setOver] = useState<{ readonly value: Value } | null>(null);
  useEffect(() => {
    setOver(null);
    const timer = setTimeout(() => setOver({ value }), forMs);
    return () => clearTimeout(timer);
  }, [value, forMs]);
  return over === null || over.value !== value;
}
