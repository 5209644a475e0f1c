/** Hides what must never be printed. */
export interface Redactor {
  /** Hides this value from now on, in all forms in which it travels. Short and common words are not hidden. */
  add(secret: string): void;
  /** Hides the passwords of URLs, and the values of variables that are named like one. */
  addVariable(name: string, value: string | undefined): void;
  readonly hide: (text: string) => string;
}

const mask = '***';
const userinfo = /(?<![\w+.-])([a-z][\w+.-]*:\/\/[^\s:@/?#'"`<>]*):\S*@/gi;
const assigned =
  /(passwor[dt]|passwd|pwd|passphrase)(\\?["'`]?\s*=\s*|\\?["'`]?\s*:\s*(?=["'`\\]))('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`[^`]*`|\\"(?:[^"\\]|\\[^"])*\\"|[^\s,;&)'"\\]+)/gi;
const inSql =
  /(\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)(?:\s+password)?\s+|\bpassword\s+)'(?:[^'\\]|\\.|'')*'/gi;
const named = /pass(?:word|wd|phrase)|pgpassword|mysql_pwd|secret|token/i;
const words = new Set([
  'postgres',
  'postgresql',
  'mariadb',
  'mysql',
  'sqlite',
  'password',
  'secret',
  'default',
  'localhost',
]);

export function createRedactor(): Redactor {
  let exact: readonly string[] = [];
  const add = (secret: string) => {
    if (secret.length < 6 || words.has(secret.toLowerCase())) return;
    exact = [...new Set([...exact, ...forms(secret)])].sort((a, b) => b.length - a.length);
  };
  return {
    add,
    addVariable: (name, value) => {
      if (value === undefined || value === '') return;
      for (const password of urlPasswords(value)) add(password);
      if (named.test(name)) add(value);
    },
    hide: (text) => {
      let shown = text;
      for (const form of exact) if (shown.includes(form)) shown = shown.replaceAll(form, mask);
      if (shown.includes('://')) shown = shown.replace(userinfo, `$1:${mask}@`);
      if (!/passwor[dt]|passwd|pwd|passphrase|identified/i.test(shown)) return shown;
      return shown
        .replace(inSql, `$1'${mask}'`)
        .replace(assigned, (_all, name: string, sign: string, value: string) => {
          const quote = /^\\?["'`]/.exec(value)?.[0] ?? '';
          return `${name}${sign}${quote}${mask}${quote}`;
        });
    },
  };
}

/** Passwords in the URLs of a text, unless they are also the user's name. */
function urlPasswords(text: string): readonly string[] {
  return [...text.matchAll(/:\/\/([^\s:@/]*):(\S*)@/g)].flatMap(([, user, password]) =>
    password === undefined || password === user ? [] : [password],
  );
}

function forms(secret: string): readonly string[] {
  let decoded = secret;
  try {
    decoded = decodeURIComponent(secret);
  } catch {}
  return [secret, decoded].flatMap((value) => [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64'),
  ]);
}
