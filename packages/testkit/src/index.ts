export { type ContractCheck, type ContractOptions, contractChecks } from './contract.js';
export { Coverage, endOf, SUCCESS } from './coverage.js';
export { describeService } from './describe-service.js';
export { FuzzFailure, type FuzzOptions, fuzzCalls } from './fuzz.js';
export { hostileCaller } from './hostile-conduit.js';
export { type Access, HostileMemory } from './hostile-memory.js';
export { Random } from './random.js';
export { createWorld, type Subject, TEST_RAM, type World } from './subject.js';
export { argumentArbitrary, callArbitrary, candidates, NEIGHBOUR_DISTANCE, type ValidValues } from './values.js';
