/** The part of `pg`'s connection that a query of our own talks to. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/**
 * Several statements in one Query message, results thrown away, so that memory stays flat and a whole migration costs
 * one round trip. Counts what has completed: an error without a position is the statement after the last completed one.
 * A message stops at its first error (PostgreSQL 18, 54.2.2.1).
 */
export class Script {
  completed = 0;
  readonly done: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  constructor(
    private readonly text: string,
    private readonly copies: string[],
    private readonly onComplete: (index: number) => void,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(wire: Wire): null {
    wire.query(this.text);
    return null;
  }
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleCopyData(): void {}
  handleEmptyQuery(): void {}
  handleCommandComplete(): void {
    this.onComplete(this.completed++);
  }
  handleCopyInResponse(wire: Wire): void {
    const data = this.copies.shift();
    if (data === undefined) {
      wire.sendCopyFail('no data in the migration');
      return;
    }
    wire.sendCopyFromChunk(Buffer.from(data));
    wire.endCopyFrom();
  }
  handleError(error: unknown): void {
    this.#reject(error);
  }
  handleReadyForQuery(): void {
    this.#resolve();
  }
}

/** The text, of those joined by `;` and a line break, in which an offset of the whole lies. */
export function locate(
  texts: readonly string[],
  offset: number,
): { index: number; offset: number } | undefined {
  let start = 0;
  for (const [index, text] of texts.entries()) {
    if (offset < start + text.length + 2) return { index, offset: offset - start };
    start += text.length + 2;
  }
  return undefined;
}
