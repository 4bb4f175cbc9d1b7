import { MAX_EXPRESSION_DEPTH } from '../limits.js';
import { decodeCharacter, decodeInteger } from './literals.js';
import type { Scanner } from './scanner.js';

const LITERAL = /(?:0[xX][0-9a-fA-F]+|[0-9]+)(?:ULL|UL|LL|U|L)?/y;
const OPERATOR = /<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>&|^]/y;

/** Binary operators by how tightly they bind, as in C. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map(
  [
    ['||'],
    ['&&'],
    ['|'],
    ['^'],
    ['&'],
    ['==', '!='],
    ['<', '>', '<=', '>='],
    ['<<', '>>'],
    ['+', '-'],
    ['*', '/', '%'],
  ].flatMap((operators, level) => operators.map((operator) => [operator, level + 1] as const)),
);

/**
 * Reads a number as it may stand in `<…>`: a literal, a character, or an expression in parentheses. Expressions count
 * in unsigned 64 bits and evaluate both sides of everything, as dtc's do.
 */
export function readInteger(scanner: Scanner): bigint | undefined {
  return readPrimary(scanner, 0);
}

function readPrimary(scanner: Scanner, depth: number): bigint | undefined {
  const point = scanner.point;
  const literal = scanner.take(LITERAL);
  if (literal !== undefined) return decodeInteger(literal[0], point);
  const character = scanner.takeQuoted("'");
  if (character !== undefined) return decodeCharacter(character, point);
  if (!scanner.takeText('(')) return undefined;
  if (depth >= MAX_EXPRESSION_DEPTH)
    throw scanner.error('limit', `the expression nests deeper than ${MAX_EXPRESSION_DEPTH}`, point);
  const value = readTernary(scanner, depth + 1);
  scanner.expect(')', 'after the expression');
  return value;
}

function readTernary(scanner: Scanner, depth: number): bigint {
  const condition = readBinary(scanner, 1, depth);
  if (!scanner.takeText('?')) return condition;
  if (depth >= MAX_EXPRESSION_DEPTH)
    throw scanner.error('limit', `the expression nests deeper than ${MAX_EXPRESSION_DEPTH}`);
  const whenTrue = readTernary(scanner, depth + 1);
  scanner.expect(':', "in '?:'");
  const whenFalse = readTernary(scanner, depth + 1);
  return condition !== 0n ? whenTrue : whenFalse;
}

function readBinary(scanner: Scanner, least: number, depth: number): bigint {
  let left = readUnary(scanner, depth);
  for (;;) {
    const point = scanner.point;
    const operator = scanner.peek(OPERATOR)?.[0];
    const precedence = operator === undefined ? undefined : PRECEDENCE.get(operator);
    if (operator === undefined || precedence === undefined || precedence < least) return left;
    scanner.advance(operator.length);
    const right = readBinary(scanner, precedence + 1, depth);
    if (right === 0n && (operator === '/' || operator === '%')) throw scanner.error('range', 'division by zero', point);
    left = BigInt.asUintN(64, apply(operator, left, right));
  }
}

function readUnary(scanner: Scanner, depth: number): bigint {
  const operator = scanner.take(/[-~!]/y)?.[0];
  if (operator === undefined) {
    const value = readPrimary(scanner, depth);
    if (value === undefined) throw scanner.unexpected('a number or an expression (macros need cpp first)');
    return value;
  }
  if (depth >= MAX_EXPRESSION_DEPTH)
    throw scanner.error('limit', `the expression nests deeper than ${MAX_EXPRESSION_DEPTH}`);
  const operand = readUnary(scanner, depth + 1);
  if (operator === '!') return truth(operand === 0n);
  return BigInt.asUintN(64, operator === '-' ? -operand : ~operand);
}

function apply(operator: string, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '||':
      return truth(left !== 0n || right !== 0n);
    case '&&':
      return truth(left !== 0n && right !== 0n);
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '&':
      return left & right;
    case '==':
      return truth(left === right);
    case '!=':
      return truth(left !== right);
    case '<':
      return truth(left < right);
    case '>':
      return truth(left > right);
    case '<=':
      return truth(left <= right);
    case '>=':
      return truth(left >= right);
    case '<<':
      return right < 64n ? left << right : 0n;
    case '>>':
      return right < 64n ? left >> right : 0n;
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    default:
      return left % right;
  }
}

function truth(value: boolean): bigint {
  return value ? 1n : 0n;
}
