package org.ltrplugin.testnode.analysis;

/** OpenSearch's class of this name: the two sides of a rule. */
record MappingRule<L, R>(L getLeft, R getRight) {}
