/** The program that the conformance kit drives. */
package org.mlspec.conformance;
