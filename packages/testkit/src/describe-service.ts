import { describe, test } from 'vitest';
import { type ContractOptions, contractChecks } from './contract.js';

/** Declares a vitest test for every rule of the contract of services: {@link contractChecks}. */
export function describeService(options: ContractOptions): void {
  describe(`${options.name ?? options.service.name} keeps the contract of services`, () => {
    for (const { rule, check } of contractChecks(options)) test(rule, check);
  });
}
