// Assertions that stay on in production: a failed one is a bug in Stile, never a property of the input.

export class AssertionFailed extends Error {
  override readonly name = 'AssertionFailed';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** Closes a switch over a union: reaching it is a bug. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unreachable value ${JSON.stringify(value)}`);
}
