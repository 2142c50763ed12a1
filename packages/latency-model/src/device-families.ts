import type { DevicePhysics } from './physics.ts';
import type { TermTable } from './terms.ts';
import { cpuTerms } from './terms-cpu.ts';
import { gpuTerms } from './terms-gpu.ts';
import { vpuTerms } from './terms-vpu.ts';

export interface DeviceFamily {
  readonly terms: TermTable;
  readonly physics: DevicePhysics;
}

/** Kinds of device the latency model knows; the order is part of the weights format. */
export const DEVICE_FAMILIES = ['cpu', 'gpu', 'vpu'] as const;
export type DeviceFamilyName = (typeof DEVICE_FAMILIES)[number];

export const deviceFamilies: Readonly<Record<DeviceFamilyName, DeviceFamily>> = {
  // Cortex-A76, 2.84 GHz at most: two 128-bit FMA pipes, 22.7 GMAC/s in float32; 60 GB/s is beyond its L2 copy rate.
  cpu: {
    terms: cpuTerms,
    physics: { launchMs: 2e-4, macsPerMs: 22.7e6, bytesPerMs: 60e6, bytesPerElement: 4 },
  },
  // Adreno 640: 954 GFLOP/s in float32, twice that in half precision; 34 GB/s DRAM, about twice that from cache.
  gpu: {
    terms: gpuTerms,
    physics: {
      launchMs: 3e-3,
      macsPerMs: 950e6,
      bytesPerMs: 70e6,
      bytesPerElement: 2,
      fullyConnected: { launchMs: 0.012, msPerMac: 5.9e-8, levelOff: 4e6, measuredUpTo: 5e7 },
    },
  },
  // Myriad X: 1 TOP/s of dedicated convolution hardware; on-chip memory of 450 GB/s.
  vpu: {
    terms: vpuTerms,
    physics: { launchMs: 2e-3, macsPerMs: 1000e6, bytesPerMs: 450e6, bytesPerElement: 2 },
  },
};
