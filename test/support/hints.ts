/** The first command of a hint, as the words that a shell would make of it. */
export function commandOf(hint: string): string[] {
  const found = /dbpat ((?:'[^']*'|[^(,'])*?)(?= \(|,| or |$)/.exec(hint);
  if (found === null) throw new Error(`no command in: ${hint}`);
  return [...found[1]!.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
}
