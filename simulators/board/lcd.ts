// A character display behind a PCF8574 expander, as the board's I2C bus sees it: four-bit transfers latched by the
// falling edge of E. Source: Hitachi HD44780U and NXP PCF8574 data sheets; bit order of the common backpack.

const registerSelect = 0x01;
const readWrite = 0x02;
const enable = 0x04;
const backlight = 0x08;
const rowBases = [0x00, 0x40, 0x14, 0x54] as const;
const memorySize = 0x80;

export class CharacterLcd {
  readonly #columns: number;
  readonly #rows: number;
  readonly #memory = new Uint8Array(memorySize).fill(0x20);
  #address = 0;
  #last = 0;
  #high: number | null = null;
  #fourBit = false;

  constructor(columns: number, rows: 1 | 2 | 4) {
    this.#columns = columns;
    this.#rows = rows;
  }

  get lit(): boolean {
    return (this.#last & backlight) !== 0;
  }

  /** Each row as text, padded to its width. */
  get lines(): readonly string[] {
    return rowBases.slice(0, this.#rows).map((base) => {
      const row = this.#memory.subarray(base, base + this.#columns);
      return String.fromCharCode(...row);
    });
  }

  /** One byte written to the expander. */
  write(byte: number): void {
    const falls = (this.#last & enable) !== 0 && (byte & enable) === 0;
    if (falls && (this.#last & readWrite) === 0) this.#latch(this.#last >> 4, (this.#last & registerSelect) !== 0);
    this.#last = byte;
  }

  #latch(nibble: number, isData: boolean): void {
    if (!this.#fourBit) {
      this.#fourBit = nibble === 0x2;
      return;
    }
    if (this.#high === null) {
      this.#high = nibble;
      return;
    }
    const byte = (this.#high << 4) | nibble;
    this.#high = null;
    if (isData) this.#put(byte);
    else this.#command(byte);
  }

  #put(character: number): void {
    this.#memory[this.#address] = character;
    this.#address = (this.#address + 1) % memorySize;
  }

  #command(command: number): void {
    if (command & 0x80) this.#address = command & 0x7f;
    else if (command === 0x01) {
      this.#memory.fill(0x20);
      this.#address = 0;
    } else if (command === 0x02 || command === 0x03) this.#address = 0;
    else if ((command & 0xf0) === 0x30) this.#fourBit = false;
  }
}
