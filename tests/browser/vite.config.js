// The core and two frontends are one chunk here.
export default { build: { chunkSizeWarningLimit: 600 } };
