package org.ltrplugin.testnode.reindex;

import static org.elasticsearch.action.DocWriteResponse.Result.CREATED;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.DocWriteRequest;
import org.elasticsearch.action.admin.indices.refresh.RefreshRequest;
import org.elasticsearch.action.bulk.BulkItemResponse;
import org.elasticsearch.action.bulk.BulkRequest;
import org.elasticsearch.action.bulk.BulkResponse;
import org.elasticsearch.action.bulk.Retry;
import org.elasticsearch.action.search.ClearScrollRequest;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.action.search.SearchScrollRequest;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.common.BackoffPolicy;
import org.elasticsearch.common.util.concurrent.AbstractRunnable;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.index.reindex.AbstractBulkByPaginatedSearchRequest;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchResponse;
import org.elasticsearch.index.reindex.BulkByPaginatedSearchTask;
import org.elasticsearch.index.reindex.PaginatedSearchFailure;
import org.elasticsearch.index.reindex.WorkerBulkByPaginatedSearchTaskState;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.sort.FieldSortBuilder;
import org.elasticsearch.threadpool.ThreadPool;

/** Scrolls through a search, and writes what becomes of each batch of its documents, until all are done or one fails. */
final class BulkRun {
    private final AbstractBulkByPaginatedSearchRequest<?> request;
    private final BulkByPaginatedSearchTask task;
    private final WorkerBulkByPaginatedSearchTaskState worker;
    private final Client client;
    private final ThreadPool threads;
    private final Function<Hit, DocWriteRequest<?>> write;
    private final ActionListener<BulkByPaginatedSearchResponse> listener;
    private final Set<String> written = new HashSet<>();
    private final List<BulkItemResponse.Failure> failures = new ArrayList<>();
    private final long startNanos = System.nanoTime();
    private String scroll;
    private long seen;
    private long batchNanos = System.nanoTime();
    private int batchSize;

    /** {@code write} makes the request for a document, or null where nothing is to be done. */
    BulkRun(
        AbstractBulkByPaginatedSearchRequest<?> request,
        BulkByPaginatedSearchTask task,
        Client client,
        ThreadPool threads,
        Function<Hit, DocWriteRequest<?>> write,
        ActionListener<BulkByPaginatedSearchResponse> listener
    ) {
        this.request = request;
        this.task = task;
        this.client = client;
        this.threads = threads;
        this.write = write;
        this.listener = listener;
        task.setWorker(request.getRequestsPerSecond(), null);
        worker = task.getWorkerState();
    }

    void start() {
        request.getSearchRequest().scroll(request.getScrollTime());
        SearchSourceBuilder source = request.getSearchRequest().source().version(true).seqNoAndPrimaryTerm(true);
        if (source.sorts() == null || source.sorts().isEmpty()) {
            source.sort(FieldSortBuilder.DOC_FIELD_NAME); // a scroll by scores has no end where one of them is NaN
        }
        client.search(request.getSearchRequest(), found());
    }

    private ActionListener<SearchResponse> found() {
        return ActionListener.wrap(this::take, this::fail);
    }

    private void take(SearchResponse response) {
        scroll = response.getScrollId();
        if (response.getFailedShards() > 0 || response.isTimedOut()) {
            finish(Arrays.stream(response.getShardFailures()).map(failure -> new PaginatedSearchFailure(
                failure.getCause(), failure.index(), failure.shardId(), null, failure.status()
            )).toList(), response.isTimedOut());
            return;
        }
        long total = response.getHits().getTotalHits().value();
        worker.setTotal(limited() ? Math.min(total, request.getMaxDocs()) : total);
        List<Hit> hits = Arrays.stream(response.getHits().getHits()).map(Hit::of).toList();
        if (limited()) {
            hits = hits.subList(0, (int) Math.min(hits.size(), request.getMaxDocs() - seen));
        }
        if (hits.isEmpty()) {
            finish(List.of(), false);
            return;
        }
        List<Hit> batch = hits;
        worker.delayPrepareBulkRequest(threads, batchNanos, batchSize, new AbstractRunnable() {
            @Override
            protected void doRun() {
                writeBatch(batch);
            }

            @Override
            public void onFailure(Exception e) {
                fail(e);
            }
        });
    }

    private void writeBatch(List<Hit> batch) {
        if (task.isCancelled()) {
            finish(List.of(), false);
            return;
        }
        worker.countBatch();
        seen += batch.size();
        batchNanos = System.nanoTime();
        BulkRequest bulk = new BulkRequest().timeout(request.getTimeout());
        bulk.waitForActiveShards(request.getWaitForActiveShards());
        for (Hit hit : batch) {
            DocWriteRequest<?> one = write.apply(hit);
            if (one == null) {
                worker.countNoop();
            } else {
                bulk.add(one);
            }
        }
        batchSize = bulk.numberOfActions();
        if (batchSize == 0) {
            next();
            return;
        }
        BackoffPolicy backoff = BackoffPolicy.wrap(
            BackoffPolicy.exponentialBackoff(request.getRetryBackoffInitialTime(), request.getMaxRetries()),
            worker::countBulkRetry
        );
        new Retry(backoff, threads).withBackoff(client::bulk, bulk, ActionListener.wrap(this::count, this::fail));
    }

    private void count(BulkResponse response) {
        for (BulkItemResponse item : response) {
            if (item.isFailed()) {
                boolean conflict = item.getFailure().getStatus() == RestStatus.CONFLICT;
                if (conflict) {
                    worker.countVersionConflict();
                }
                if (conflict == false || request.isAbortOnVersionConflict()) {
                    failures.add(item.getFailure());
                }
                continue;
            }
            written.add(item.getIndex());
            switch (item.getOpType()) {
                case DELETE -> worker.countDeleted();
                case CREATE -> worker.countCreated();
                default -> {
                    if (item.getResponse().getResult() == CREATED) {
                        worker.countCreated();
                    } else {
                        worker.countUpdated();
                    }
                }
            }
        }
        if (failures.isEmpty()) {
            next();
        } else {
            finish(List.of(), false);
        }
    }

    private void next() {
        if (limited() && seen >= request.getMaxDocs()) {
            finish(List.of(), false);
        } else {
            client.searchScroll(new SearchScrollRequest(scroll).scroll(request.getScrollTime()), found());
        }
    }

    private boolean limited() {
        return request.getMaxDocs() != AbstractBulkByPaginatedSearchRequest.MAX_DOCS_ALL_MATCHES;
    }

    private void fail(Exception failure) {
        clear(() -> listener.onFailure(failure));
    }

    private void finish(List<PaginatedSearchFailure> searchFailures, boolean timedOut) {
        BulkByPaginatedSearchResponse response = new BulkByPaginatedSearchResponse(
            TimeValue.timeValueNanos(System.nanoTime() - startNanos), worker.getStatus(), failures, searchFailures, timedOut
        );
        clear(() -> {
            if (request.isRefresh() == false || written.isEmpty() || task.isCancelled()) {
                listener.onResponse(response);
                return;
            }
            RefreshRequest refresh = new RefreshRequest(written.toArray(String[]::new));
            client.admin().indices().refresh(refresh, listener.delegateFailureAndWrap((answered, done) -> answered.onResponse(response)));
        });
    }

    private void clear(Runnable then) {
        if (scroll == null) {
            then.run();
            return;
        }
        ClearScrollRequest clear = new ClearScrollRequest();
        clear.addScrollId(scroll);
        client.clearScroll(clear, ActionListener.running(then));
    }
}
