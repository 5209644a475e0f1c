import { placeText } from '../../../errors.js';
import type { ErrorReport } from '../../../run/results.js';
import type { Paint } from '../colour.js';
import { colourDiff } from '../diff.js';
import { counted } from '../text.js';

/** An error with its faults, its diff and the way out. */
export function errorLines(error: ErrorReport, paint: Paint): readonly string[] {
  const [first, ...rest] = withShard({ ...error, message: withPlace(error) }).split('\n');
  // A message that holds a fault's own words has said it.
  const faults = (error.faults ?? []).filter(({ message }) => !error.message.includes(message));
  return [
    `${paint.red('error:')} ${first}`,
    ...rest,
    ...faults.map(({ path, message }) => `  ${paint.bold(path)}: ${message}`),
    ...(error.diff ? colourDiff(error.diff, paint).map((line) => `  ${line}`) : []),
    ...(error.hint === undefined ? [] : [`  ${paint.cyan('next:')} ${error.hint}`]),
  ];
}

/** The message with the whole place of its file in it. */
function withPlace({ message, file, line, column }: ErrorReport): string {
  const place = placeText({ file, line, column });
  if (file === undefined || line === undefined || message.includes(place)) return message;
  return message.includes(file) ? message.replace(file, () => place) : `${place}: ${message}`;
}

function withShard({ message, shard }: ErrorReport): string {
  if (shard === undefined || shard === 'default' || message.startsWith(`${shard}:`)) return message;
  return `${shard}: ${message}`;
}

const most = 10;

/** Errors of many shards; not more than ten unless asked. */
export function errorList(errors: readonly ErrorReport[], paint: Paint, all: boolean): readonly string[] {
  const shown = all ? errors : errors.slice(0, most);
  const left = errors.length - shown.length;
  return [
    ...shown.flatMap((error) => errorLines(error, paint)),
    ...(left > 0 ? [`and ${counted(left, 'more error')}; --verbose shows all`] : []),
  ];
}

/** `warning: …`, with the shard where there are several. */
export function warningLines(
  shards: readonly { readonly shard: string; readonly warnings: readonly string[] }[],
  paint: Paint,
): readonly string[] {
  const byText = new Map<string, string[]>();
  for (const { shard, warnings } of shards) {
    for (const warning of warnings) byText.set(warning, [...(byText.get(warning) ?? []), shard]);
  }
  return [...byText].map(([warning, names]) => {
    const where =
      shards.length === 1 ? '' : `${names.length > 3 ? counted(names.length, 'shard') : names.join(', ')}: `;
    return `${paint.yellow('warning:')} ${where}${warning}`;
  });
}
