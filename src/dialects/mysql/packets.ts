import { DriverError, type Row } from '../dialect.js';

/** The command byte and the header belong to the packet. */
const overhead = 16;

/**
 * The server ends the connection at a packet that is too large, and then nobody knows what happened; so it is not sent.
 * @throws DriverError `statement`
 */
export function checkPacket(text: string, maxBytes = Number.POSITIVE_INFINITY): void {
  if (text.length * 3 + overhead <= maxBytes) return;
  const bytes = Buffer.byteLength(text) + overhead;
  if (bytes <= maxBytes) return;
  throw new DriverError(
    'statement',
    `the statement has ${bytes} bytes, and the server takes ${maxBytes} at most (max_allowed_packet); it was not sent`,
    {
      dbCode: '1153',
      hint: `split it, or raise max_allowed_packet above ${bytes} on the server`,
    },
  );
}

/** Rows of SHOW WARNINGS as texts, notes left out. A warning quotes the value that it is about: that stays out. */
export function readWarnings(rows: readonly Row[]): readonly string[] {
  return rows
    .filter((row) => row.Level !== 'Note')
    .map((row) => `${hideValue(String(row.Message))} (${row.Code})`);
}

function hideValue(message: string): string {
  return message
    .replace(/\b(value|entry):? '.*'(?= for |$)/s, '$1')
    .replace(/\b(Incorrect [^:]*value): '.*?'(?= for |$)/s, '$1');
}
