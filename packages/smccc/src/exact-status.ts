import type { Status, StatusNamespace, UnknownStatus, ValueType } from '@trapline/core';

/**
 * A value that may have any bits set, except that a register which is exactly one of a namespace's negative codes is that
 * status: a UUID's first word, a register of an interrupted context.
 */
export function valueUnless<In, Out, Namespace extends string, Names extends string>(
  value: ValueType<In, Out>,
  namespace: StatusNamespace<Namespace, Names>,
): ValueType<In, Out | Status<Namespace, Names> | UnknownStatus<Namespace>> {
  const codes = namespace.all.map(({ code }) => code).filter((code) => code < 0);
  const isCode = (low: number, high: number): boolean =>
    codes.includes(low | 0) && (value.bits === 32 || (high | 0) === -1);
  return {
    ...value,
    name: `${value.name} or ${namespace.namespace} status`,
    read: (registers, slot, wide) => {
      const low = registers.w[2 * slot] as number;
      return isCode(low, registers.w[2 * slot + 1] as number)
        ? namespace.of(low | 0)
        : value.read(registers, slot, wide);
    },
    show: (low, high) => (isCode(low, high) ? namespace.of(low | 0).toString() : value.show(low, high)),
  };
}
