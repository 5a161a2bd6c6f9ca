import type { Settings } from '../config.js';
import type { Finding } from '../types.js';
import { examine } from './check.js';
import { machineChecks } from './machine.js';
import { modelChecks } from './models.js';
import { packageCheck } from './packages.js';
import { storeChecks } from './store.js';

/** Looks at this machine, the packages, the models and the store of these settings, one thing after the other. */
export function doctor(settings: Settings): AsyncGenerator<Finding> {
  return examine([
    ...machineChecks(settings),
    packageCheck,
    ...modelChecks(settings),
    ...storeChecks(settings),
  ]);
}
