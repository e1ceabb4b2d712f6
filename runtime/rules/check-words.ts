// The check words live in core, because tokens and rules both read them.
export * from '../core/check-words.ts';
