import { mysqlRules } from '../../../src/sql/mysql.js';
import { postgresRules } from '../../../src/sql/postgres.js';
import { sqliteRules } from '../../../src/sql/sqlite.js';

export const rules = { postgres: postgresRules, mysql: mysqlRules, sqlite: sqliteRules };

export interface CorpusRow {
  readonly row: number;
  readonly dialect: keyof typeof rules;
  /** As it is in a file: with byte order mark and carriage returns. */
  readonly input: string;
  /** Number of statements; `refused`, or refused as a command of the client. */
  readonly expected: number | 'refused' | 'client';
}

/** What reading a file does before its text is split. */
export function normalise(text: string): string {
  return text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
}

export const corpus: readonly CorpusRow[] = [
  {
    row: 1,
    dialect: 'postgres',
    input: 'create function f() returns int as $$ begin; return 1; end; $$ language plpgsql; select 2;',
    expected: 2,
  },
  {
    row: 2,
    dialect: 'postgres',
    input: "do $a$ begin execute $b$ select ';' $b$; end $a$; select 1",
    expected: 2,
  },
  { row: 3, dialect: 'postgres', input: 'select $A$ ; $a$ ; $A$; select 2', expected: 2 },
  {
    row: 4,
    dialect: 'postgres',
    input: 'create table a$b$c(x int); create table d$b$e(y int);',
    expected: 2,
  },
  { row: 5, dialect: 'postgres', input: 'prepare p as select $1; prepare q as select $1;', expected: 2 },
  { row: 6, dialect: 'postgres', input: 'prepare p as select $1$2; select 1;', expected: 2 },
  { row: 7, dialect: 'postgres', input: 'select $é$ ; $é$; select 2;', expected: 2 },
  { row: 8, dialect: 'postgres', input: '/* a /* b ; */ c ; */ select 1; select 2', expected: 2 },
  { row: 9, dialect: 'postgres', input: '/* a /* b */ select 1; select 2;', expected: 'refused' },
  { row: 10, dialect: 'postgres', input: 'select 1 -- ; x\n; select 2;', expected: 2 },
  { row: 11, dialect: 'postgres', input: 'select 1 -- c\r; select 2;', expected: 2 },
  { row: 12, dialect: 'postgres', input: "select 'a\\'; select 2;", expected: 2 },
  { row: 13, dialect: 'postgres', input: "select E'a\\';b'; select 2;", expected: 2 },
  { row: 14, dialect: 'postgres', input: "select e'it\\'s;'; select 2;", expected: 2 },
  { row: 15, dialect: 'postgres', input: "select type'a\\'; select 2;", expected: 2 },
  { row: 16, dialect: 'postgres', input: "select U&'d\\0061;t' ; select 2;", expected: 2 },
  { row: 17, dialect: 'postgres', input: 'select 1 as U&"d;\\0061"; select 2;', expected: 2 },
  { row: 18, dialect: 'postgres', input: 'select 1 as "a;""b;"; select 2;', expected: 2 },
  {
    row: 19,
    dialect: 'postgres',
    input:
      'create function f() returns int language sql begin atomic select 1; select case when true then 2 end; end; select 3;',
    expected: 2,
  },
  {
    row: 20,
    dialect: 'postgres',
    input:
      'create procedure p() begin atomic insert into t values (case when 1=1 then case when 2=2 then 1 end end); delete from t; end; select 1;',
    expected: 2,
  },
  { row: 21, dialect: 'postgres', input: 'begin; insert into t values(1); end; select 1;', expected: 4 },
  {
    row: 22,
    dialect: 'postgres',
    input:
      'create rule r as on insert to t do also (insert into l values(1); insert into l values(2)); select 1;',
    expected: 2,
  },
  { row: 23, dialect: 'postgres', input: "select 'a'\n'b;'; select 2;", expected: 2 },
  { row: 24, dialect: 'postgres', input: "select E'a'\n'b\\';c'; select 2;", expected: 2 },
  { row: 25, dialect: 'postgres', input: "select B'01', X'1F', N'a;b'; select 2;", expected: 2 },
  { row: 26, dialect: 'postgres', input: 'select 1 --1;\n; select 2;', expected: 2 },
  { row: 27, dialect: 'postgres', input: 'select 4 */* ; */ 2; select 2;', expected: 2 },
  { row: 28, dialect: 'postgres', input: ';;; select 1;; ; -- c\n; /* ; */ ;', expected: 1 },
  { row: 29, dialect: 'postgres', input: '-- nothing ; here\n/* ; */', expected: 0 },
  { row: 30, dialect: 'postgres', input: 'select 1; select 2 -- end', expected: 2 },
  { row: 31, dialect: 'postgres', input: '\\restrict abc\nselect 1;\n\\unrestrict abc', expected: 1 },
  { row: 32, dialect: 'postgres', input: 'select 1;\n\\c otherdb\nselect 2;', expected: 'client' },
  { row: 33, dialect: 'postgres', input: 'copy t from stdin;\n1\ta;b\n\\.\nselect 1;', expected: 2 },
  { row: 34, dialect: 'postgres', input: '\ufeffselect 1; select 2;', expected: 2 },
  { row: 35, dialect: 'postgres', input: 'select\u00a01; select 2;', expected: 2 },
  { row: 36, dialect: 'postgres', input: 'select 1;\u0000 select 2;', expected: 'refused' },
  { row: 37, dialect: 'postgres', input: "select 'abc; select 2;", expected: 'refused' },
  { row: 38, dialect: 'postgres', input: 'do $$ begin null; end; select 1;', expected: 'refused' },
  {
    row: 39,
    dialect: 'postgres',
    input: "select '{}'::jsonb ? 'a;', a #> '{b}', a @? '$.x' from t; select 2;",
    expected: 2,
  },
  { row: 40, dialect: 'postgres', input: 'select 1 # 2; select 3;', expected: 2 },
  { row: 41, dialect: 'postgres', input: 'select ` ; select 2;', expected: 2 },
  { row: 42, dialect: 'postgres', input: 'select 1;\r\nselect 2;\r\n', expected: 2 },
  {
    row: 43,
    dialect: 'mysql',
    input: 'delimiter //\ncreate procedure p() begin select 1; select 2; end//\ndelimiter ;\nselect 3;',
    expected: 2,
  },
  {
    row: 44,
    dialect: 'mysql',
    input:
      "DELIMITER $$\ncreate trigger tr before insert on t for each row begin set new.a=1; set new.b='$'; end$$\nDELIMITER ;\nselect 3;",
    expected: 2,
  },
  { row: 45, dialect: 'mysql', input: 'DELIMITER ;;\nDELIMITER ;\nselect 1;', expected: 1 },
  { row: 46, dialect: 'mysql', input: "select '\ndelimiter //\n'; select 2;", expected: 2 },
  {
    row: 47,
    dialect: 'mysql',
    input:
      'create procedure p() begin select 1; if 1 then select 2; end if; case 1 when 1 then select 3; end case; end; select 4;',
    expected: 2,
  },
  {
    row: 48,
    dialect: 'mysql',
    input:
      'create trigger tr before insert on t for each row if new.a is null then set new.a=1; end if; select 1;',
    expected: 2,
  },
  {
    row: 49,
    dialect: 'mysql',
    input: 'create trigger tr before insert on t for each row set new.a=1; select 1;',
    expected: 2,
  },
  {
    row: 50,
    dialect: 'mysql',
    input:
      'create procedure p() l1: begin l2: loop leave l2; end loop l2; repeat select 1; until 1 end repeat; while 0 do select 2; end while; end l1; select 3;',
    expected: 2,
  },
  { row: 51, dialect: 'mysql', input: 'select 1 # ; c\n; select 2;', expected: 2 },
  { row: 52, dialect: 'mysql', input: 'select 5--1; select 2;', expected: 2 },
  { row: 53, dialect: 'mysql', input: 'select 5--1;select 2;', expected: 2 },
  { row: 54, dialect: 'mysql', input: '/* a /* b ; */ select 1; select 2;', expected: 2 },
  {
    row: 55,
    dialect: 'mysql',
    input: '/*!50003 create trigger tr before insert on t for each row begin set new.a=1; end */; select 2;',
    expected: 2,
  },
  { row: 56, dialect: 'mysql', input: '/*M!100100 select 1 */; select 2;', expected: 2 },
  {
    row: 57,
    dialect: 'mysql',
    input: "/*!40101 SET NAMES utf8 */; select ';' /*! ; */",
    expected: 'refused',
  },
  { row: 58, dialect: 'mysql', input: "select 'a\\';b'; select 2;", expected: 2 },
  { row: 59, dialect: 'mysql', input: 'select "a\\";b"; select 2;', expected: 2 },
  { row: 60, dialect: 'mysql', input: 'select 1 as `a;``b;`; select 2;', expected: 2 },
  { row: 61, dialect: 'mysql', input: 'select 1 as `a\\`; select 2;', expected: 2 },
  {
    row: 62,
    dialect: 'mysql',
    input: 'create table t(`begin` int, `end` int); insert into t(`begin`) values(1); select 2;',
    expected: 3,
  },
  { row: 63, dialect: 'mysql', input: 'begin; insert into t values(1); commit;', expected: 3 },
  { row: 64, dialect: 'mysql', input: 'begin work; select 1; rollback;', expected: 3 },
  { row: 65, dialect: 'mysql', input: 'begin not atomic select 1; select 2; end; select 3;', expected: 2 },
  {
    row: 66,
    dialect: 'mysql',
    input: 'create event e on schedule every 1 day do begin delete from t; end; select 1;',
    expected: 2,
  },
  {
    row: 67,
    dialect: 'mysql',
    input: 'create function f() returns int deterministic return 1; select 2;',
    expected: 2,
  },
  {
    row: 68,
    dialect: 'mysql',
    input: 'create procedure p() begin select case when 1 then 2 end; set @a=if(1,2,3); end; select 3;',
    expected: 2,
  },
  {
    row: 69,
    dialect: 'mysql',
    input: "create procedure p() begin select repeat('a',2), `loop`.x from `loop`; end; select 3;",
    expected: 2,
  },
  { row: 70, dialect: 'mysql', input: 'source other.sql\nselect 1;', expected: 'client' },
  { row: 71, dialect: 'mysql', input: 'select 1\\G\nselect 2;', expected: 'client' },
  {
    row: 72,
    dialect: 'sqlite',
    input: 'create trigger tr after insert on t begin insert into l values(1); delete from m; end; select 1;',
    expected: 2,
  },
  {
    row: 73,
    dialect: 'sqlite',
    input:
      'create temp trigger if not exists tr after update on t when new.a>1 begin update t set a=case when 1 then 2 else 3 end; end; select 1;',
    expected: 2,
  },
  {
    row: 74,
    dialect: 'sqlite',
    input:
      'create trigger tr after insert on t begin select "end;" from t; select [end;] from t; end; select 1;',
    expected: 2,
  },
  { row: 75, dialect: 'sqlite', input: 'select 1 as [a;b]; select 2;', expected: 2 },
  { row: 76, dialect: 'sqlite', input: 'select 1 as `a;b`; select 2;', expected: 2 },
  { row: 77, dialect: 'sqlite', input: "select 'a\\'; select 2;", expected: 2 },
  { row: 78, dialect: 'sqlite', input: 'begin; insert into t values(1); end; select 1;', expected: 4 },
  { row: 79, dialect: 'sqlite', input: '/* a /* ; */ select 1; select 2;', expected: 2 },
  { row: 80, dialect: 'sqlite', input: 'select 1; /* open ;', expected: 1 },
  {
    row: 81,
    dialect: 'sqlite',
    input: 'explain create trigger tr after insert on t begin select 1; end; select 2;',
    expected: 2,
  },
  { row: 82, dialect: 'sqlite', input: '.read x.sql\nselect 1;', expected: 'client' },
  { row: 83, dialect: 'sqlite', input: "select 1 as ':;'; select $a, :b, @c, ?1;", expected: 2 },
];

/** Cases that peers got wrong or that the rules leave open. */
export const moreCorpus: readonly CorpusRow[] = [
  {
    row: 101,
    dialect: 'mysql',
    input: 'create function f() returns int begin atomic select 1; select 2; end; select 3;',
    expected: 2,
  },
  {
    row: 102,
    dialect: 'mysql',
    input:
      'create trigger t after insert on u for each row begin declare continue handler for sqlexception begin end; begin set @a=1; end; end; select 1;',
    expected: 2,
  },
  {
    row: 103,
    dialect: 'mysql',
    input:
      "create procedure p() begin declare exit handler for 1062, sqlstate '02000', not found set @a = if(1,2,3); for i in 1..3 do select i; end for; end; select 1;",
    expected: 2,
  },
  {
    row: 104,
    dialect: 'mysql',
    input: 'create package p as procedure q(); end; select 1;',
    expected: 'refused',
  },
  {
    row: 105,
    dialect: 'mysql',
    input: 'create procedure p() begin select begin, end from t; select x.end; end; select 1;',
    expected: 2,
  },
  {
    row: 106,
    dialect: 'mysql',
    input:
      'create procedure p(a int) begin set @x := if(a,1,2); select case when a then if(a,1,2) else repeat(1,2) end; do if(1,2,3); end; select 1;',
    expected: 2,
  },
  {
    row: 107,
    dialect: 'mysql',
    input:
      "create definer=`a`@`%` function if not exists f(x varchar(10)) returns varchar(10) character set utf8mb4 reads sql data comment 'c' begin return x; end; select 1;",
    expected: 2,
  },
  {
    row: 108,
    dialect: 'mysql',
    input: 'create or replace definer=root@localhost procedure p() if 1 then select 1; end if; select 2;',
    expected: 2,
  },
  {
    row: 109,
    dialect: 'mysql',
    input:
      'DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON u FOR EACH ROW BEGIN SET NEW.a=1; END */;;\nDELIMITER ;\nselect 1;',
    expected: 2,
  },
  { row: 110, dialect: 'mysql', input: 'delimiter $$\nselect 1;\n$$\n;\n$$\nselect 2$$', expected: 2 },
  { row: 111, dialect: 'mysql', input: 'select 1; delimiter //\nselect 2//', expected: 'refused' },
  { row: 112, dialect: 'mysql', input: 'delimiter\nselect 1;', expected: 'refused' },
  { row: 113, dialect: 'mysql', input: "delimiter '//' -- other\nselect 1// select 2//", expected: 2 },
  { row: 114, dialect: 'mysql', input: 'select \\N; select 2;', expected: 2 },
  { row: 115, dialect: 'mysql', input: 'select 1 --> ; 2;', expected: 2 },
  { row: 116, dialect: 'mysql', input: 'if 1 then select 1; end if; select 2;', expected: 2 },
  {
    row: 117,
    dialect: 'mysql',
    input: 'create event e on schedule every 1 day do delete from t; select 1;',
    expected: 2,
  },
  {
    row: 118,
    dialect: 'mysql',
    input:
      'create procedure p() begin if a then select 1; elseif b then select 2; else if c then select 3; end if; end if; case a when 1 then begin end; else begin end; end case; end; select 4;',
    expected: 2,
  },
  {
    row: 119,
    dialect: 'mysql',
    input: 'create table t (a int); create view v as select 1; select 1;',
    expected: 3,
  },
  { row: 120, dialect: 'mysql', input: '/*! select 1', expected: 'refused' },
  { row: 121, dialect: 'mysql', input: 'select 1; status', expected: 'client' },
  {
    row: 122,
    dialect: 'mysql',
    input: "alter event e do begin select 1; end; create user 'a'@'b'; select 2",
    expected: 3,
  },
  {
    row: 123,
    dialect: 'mysql',
    input:
      'create procedure p() begin l: repeat set @a = @a + 1; until case when 1 then 1 end end repeat l; end; select 1',
    expected: 2,
  },
  { row: 131, dialect: 'postgres', input: 'select (1; select 2;', expected: 'refused' },
  {
    row: 132,
    dialect: 'postgres',
    input:
      'create function f() returns int begin atomic select 1 as end; select t.end, t.case from t; end; select 1;',
    expected: 2,
  },
  { row: 133, dialect: 'postgres', input: 'copy t from stdin;\n1\n', expected: 'refused' },
  { row: 134, dialect: 'postgres', input: 'copy t from stdin; select 1;\n\\.\n', expected: 'refused' },
  {
    row: 135,
    dialect: 'postgres',
    input: "copy t from 'stdin'; copy (select 1 from stdin) to stdout; select 1",
    expected: 3,
  },
  {
    row: 136,
    dialect: 'postgres',
    input: 'set standard_conforming_strings = off; select 1',
    expected: 'refused',
  },
  { row: 137, dialect: 'postgres', input: 'SET standard_conforming_strings = on; select 1', expected: 2 },
  { row: 138, dialect: 'postgres', input: "select E'a' -- c\n 'b\\';'; select 2", expected: 2 },
  { row: 139, dialect: 'postgres', input: 'create function f() begin atomic select 1;', expected: 'refused' },
  { row: 140, dialect: 'postgres', input: '\\copy t from x', expected: 'client' },
  { row: 141, dialect: 'postgres', input: 'select 1 \\gexec\n', expected: 'client' },
  { row: 142, dialect: 'postgres', input: 'select $1$$a;b$$; select 1$$;$$', expected: 2 },
  { row: 143, dialect: 'postgres', input: 'select 1 )); select 2', expected: 2 },
  { row: 144, dialect: 'postgres', input: '\ncopy t from stdin', expected: 'refused' },
  {
    row: 151,
    dialect: 'sqlite',
    input:
      'create trigger begin after insert on begin when case when 1 then 1 end begin update t set end=1, a=t.end; select 1 as end; end; select 1;',
    expected: 2,
  },
  { row: 152, dialect: 'sqlite', input: 'explain query plan select 1; select 2', expected: 2 },
  {
    row: 153,
    dialect: 'sqlite',
    input: 'create trigger t after insert on u begin select 1;',
    expected: 'refused',
  },
  { row: 154, dialect: 'sqlite', input: 'select [a]]; select 2', expected: 2 },
  { row: 155, dialect: 'sqlite', input: 'select 1\n.5; select 2', expected: 2 },
  { row: 156, dialect: 'sqlite', input: 'select [a; select 2', expected: 'refused' },
  { row: 157, dialect: 'sqlite', input: '-- a\n  /* b */ .tables\n', expected: 1 },
];
