package org.ltrplugin.engine;

import org.opensearch.search.fetch.FetchSubPhaseProcessor;

/** Adds to hits what needs none of their stored fields. */
interface HitProcessor extends FetchSubPhaseProcessor {}
