import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cleanOutput, cleanText } from '../../../src/cli/output/clean.js';
import { jsonLine, resultLine } from '../../../src/cli/output/json.js';
import { createRedactor } from '../../../src/cli/output/redact.js';

const secret = fc
  .string({ minLength: 8, maxLength: 30 })
  .filter((text) => text.trim().length >= 8 && !/[\u0000-\u001f\u007f]/.test(text))
  .map((text) => `S3${text}`);

it('F154 property: a secret of the environment never comes out, whatever holds it', () => {
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (password, before, after) => {
      const redactor = createRedactor();
      redactor.addVariable('DB_PASSWORD', password);
      const url = `postgres://app:${encodeURIComponent(password)}@db/shop`;
      redactor.addVariable('DATABASE_URL', url);
      const texts = [password, encodeURIComponent(password), url].map((text) => `${before} ${text} ${after}`);
      for (const text of texts) {
        expect(redactor.hide(text)).not.toContain(password);
        const value = { message: text, list: [{ deep: text }] };
        expect(JSON.stringify(JSON.parse(jsonLine(value, redactor)))).not.toContain(
          JSON.stringify(password).slice(1, -1),
        );
        expect(JSON.parse(resultLine(value, redactor))).toEqual(JSON.parse(jsonLine(value, redactor)));
      }
    }),
  );
});

it('F154 hides the password of any URL in any text', () => {
  const { hide } = createRedactor();
  expect(hide('cannot reach mysql://app:hunter22@db:3306/x now')).toBe(
    'cannot reach mysql://app:***@db:3306/x now',
  );
  expect(hide("create user a identified by 'hunter22'")).not.toContain('hunter22');
});

it('F159 shows control characters, and no line is a command to a CI runner', () => {
  const shown = cleanOutput(cleanText('\u001b[2J\n::error file=x::boo\n##vso[task.complete]\r\u202e'));
  expect(shown).not.toMatch(/[\u001b\r\u202e]/);
  expect(shown).not.toMatch(/^\s*::/m);
  expect(shown).not.toContain('##vso[');
});
