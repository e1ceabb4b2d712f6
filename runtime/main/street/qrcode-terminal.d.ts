// The part of qrcode-terminal 0.12 that the text story uses; the package brings no types.
declare module 'qrcode-terminal' {
  const qrcode: {
    /** Draws `text` in byte mode, level L, two modules a character where `small`. */
    generate(text: string, options: { small: boolean }, draw: (drawn: string) => void): void;
  };
  export = qrcode;
}
