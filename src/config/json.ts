/** Where a text stops being JSON. */
export interface JsonFault {
  readonly message: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
}

/**
 * Parses JSON. V8's own messages quote the text around the fault, which may be a password, and often have no position
 * (Node 20), so a text that does not parse is scanned again.
 */
export function parseJson(text: string): { readonly value: unknown } | { readonly fault: JsonFault } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    const { offset, message } = findFault(text);
    const before = text.slice(0, offset).split('\n');
    return { fault: { message, line: before.length, column: before.at(-1)!.length + 1 } };
  }
}

interface Place {
  readonly offset: number;
  readonly message: string;
}

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y;
const quoted = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const blank = /[ \t\r\n]*/y;

type Expecting = 'value' | 'value or ]' | 'name' | 'name or }' | ':' | 'next';

/** The first place where the text is not JSON. Without recursion, so that no depth is too deep. */
function findFault(text: string): Place {
  const open: ('{' | '[')[] = [];
  let expecting: Expecting = 'value';
  let offset = 0;
  const take = (rule: RegExp): boolean => {
    rule.lastIndex = offset;
    if (!rule.test(text)) return false;
    offset = rule.lastIndex;
    return true;
  };
  for (;;) {
    take(blank);
    const at = text[offset];
    const fault = (message: string): Place => ({
      offset,
      message: at === undefined ? `${message}, found the end` : message,
    });
    if (expecting === 'next') {
      const inside = open.at(-1);
      if (inside === undefined) return fault('expected the end after the first value');
      if (at === ',') {
        offset++;
        expecting = inside === '{' ? 'name' : 'value';
      } else if (at === (inside === '{' ? '}' : ']')) {
        offset++;
        open.pop();
      } else return fault(`expected , or ${inside === '{' ? '}' : ']'}`);
    } else if (expecting === ':') {
      if (at !== ':') return fault('expected : after a name');
      offset++;
      expecting = 'value';
    } else if ((expecting === 'name or }' && at === '}') || (expecting === 'value or ]' && at === ']')) {
      offset++;
      open.pop();
      expecting = 'next';
    } else if (expecting === 'name' || expecting === 'name or }') {
      if (!take(quoted)) return fault(nameFault(expecting, at));
      expecting = ':';
    } else if (at === '{' || at === '[') {
      offset++;
      open.push(at);
      expecting = at === '{' ? 'name or }' : 'value or ]';
    } else if (take(quoted) || take(scalar)) expecting = 'next';
    else return fault(valueFault(at));
  }
}

function nameFault(expecting: Expecting, at: string | undefined): string {
  if (at === '}') return 'expected a name after the comma: JSON has no trailing comma';
  if (at === '/') return 'expected a name: JSON has no comments';
  if (at === '"') return unended;
  return expecting === 'name'
    ? 'expected a name in "double quotes"'
    : 'expected a name in "double quotes" or }';
}

const unended = 'a text that does not end on its line, or holds a wrong \\ escape';

function valueFault(at: string | undefined): string {
  if (at === ']') return 'expected a value after the comma: JSON has no trailing comma';
  if (at === '/') return 'expected a value: JSON has no comments';
  return at === '"' ? unended : 'expected a value';
}
