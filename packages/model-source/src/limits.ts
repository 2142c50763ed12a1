/** Larger payloads of a file are weights, not shapes: they are stepped over. */
export const PAYLOAD_BYTES = 1024;
