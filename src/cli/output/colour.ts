type Style = (text: string) => string;

export interface Paint {
  readonly bold: Style;
  readonly dim: Style;
  readonly red: Style;
  readonly green: Style;
  readonly yellow: Style;
  readonly cyan: Style;
}

const same: Style = (text) => text;

export const plain: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same };

export type ColourLevel = 0 | 1 | 2 | 3;

export interface ColourFacts {
  /** `--no-color` was given. */
  readonly refused: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
}

/** `--no-color`, then FORCE_COLOR, then a NO_COLOR that is not empty, then TERM=dumb, then whether it is a terminal. */
export function colourLevel({ refused, env, isTTY }: ColourFacts): ColourLevel {
  if (refused) return 0;
  const forced = env.FORCE_COLOR;
  if (forced !== undefined) {
    if (forced === '0' || forced === 'false') return 0;
    return forced === '2' ? 2 : forced === '3' ? 3 : 1;
  }
  if (env.NO_COLOR) return 0;
  if (env.TERM === 'dumb') return 0;
  return isTTY ? 1 : 0;
}

/** Loads chalk only where there is something to colour. */
export async function createPaint(level: ColourLevel): Promise<Paint> {
  if (level === 0) return plain;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level });
  // Chalk joins all its arguments, and so would print the index of an `array.map(paint.dim)`.
  const one =
    (style: (text: string) => string): Style =>
    (text) =>
      style(text);
  return {
    bold: one(chalk.bold),
    dim: one(chalk.dim),
    red: one(chalk.red),
    green: one(chalk.green),
    yellow: one(chalk.yellow),
    cyan: one(chalk.cyan),
  };
}
