// The channel to a parent that started this process (the street): says when it is ready, takes orders,
// and ends the process when the parent is gone, so that nothing is ever left behind.

export interface ChildOrder {
  readonly kind: string;
  readonly [field: string]: unknown;
}

export function tellParent(message: ChildOrder): void {
  process.send?.(message);
}

export function onParentOrder(listener: (order: ChildOrder) => void): void {
  if (!process.send) return;
  process.on('message', (message) => {
    if (typeof message === 'object' && message !== null && 'kind' in message) listener(message as ChildOrder);
  });
}

/** Runs `stop` once: on SIGINT, SIGTERM or, for a child, when the parent is gone. */
export function onEnd(stop: () => void): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    stop();
  };
  process.once('SIGTERM', end);
  // A child shares its parent's terminal: there Ctrl-C is the parent's to handle.
  if (process.env['STILE_CHILD'] === '1') {
    process.on('SIGINT', () => {});
    process.once('disconnect', end);
  } else process.once('SIGINT', end);
}
