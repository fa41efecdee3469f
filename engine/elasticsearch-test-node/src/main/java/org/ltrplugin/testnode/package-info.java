/**
 * What Elasticsearch's small distribution on Maven lacks and a test node needs: {@code GET /}, mustache and search
 * templates, analysis, painless, and reindex. Users have Elastic's full distribution, which has all of it; nothing here
 * is a part of the plugin.
 *
 * <p>Most classes are OpenSearch's (Apache-2.0): the build takes their sources from Maven and writes them in
 * Elasticsearch's names, by the rules in {@code rename/}. What really differs is written by hand, under the same names.
 */
package org.ltrplugin.testnode;
