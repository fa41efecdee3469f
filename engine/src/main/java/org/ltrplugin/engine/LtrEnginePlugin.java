package org.ltrplugin.engine;

import org.opensearch.plugins.Plugin;

/** Registers the parts of the engine with the node. */
public final class LtrEnginePlugin extends Plugin {}
