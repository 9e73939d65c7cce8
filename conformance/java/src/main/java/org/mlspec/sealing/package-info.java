/**
 * Records of MLSpec: reading envelopes, verifying them, sealing.
 *
 * <p>Whatever does not hold is thrown as a {@link org.mlspec.sealing.RefusedException}; nothing
 * here answers yes or no.
 */
package org.mlspec.sealing;
