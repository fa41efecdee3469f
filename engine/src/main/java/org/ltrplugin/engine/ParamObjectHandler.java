package org.ltrplugin.engine;

import com.github.mustachejava.Binding;
import com.github.mustachejava.Code;
import com.github.mustachejava.Iteration;
import com.github.mustachejava.TemplateContext;
import com.github.mustachejava.reflect.BaseObjectHandler;
import com.github.mustachejava.util.Wrapper;
import java.io.Writer;
import java.util.AbstractMap;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.opensearch.common.Nullable;

/**
 * Finds the values of a template's variables in the params of a request: maps by key, lists by position and by {@code
 * size}. Unlike the library's own handlers it never reaches fields or methods of a value.
 */
final class ParamObjectHandler extends BaseObjectHandler {
    @Override
    public Wrapper find(String name, List<Object> scopes) {
        String[] path = path(name);
        return current -> lookup(path, current);
    }

    @Override
    public Binding createBinding(String name, TemplateContext context, Code code) {
        String[] path = path(name);
        return scopes -> lookup(path, scopes);
    }

    @Override
    public Object coerce(Object object) {
        return object instanceof List<?> values ? new ListView(values) : object;
    }

    @Override
    public Writer iterate(Iteration iteration, Writer writer, Object object, List<Object> scopes) {
        Iteration counted = (out, next, inner) -> {
            if (out instanceof LimitedWriter bounded) {
                bounded.repeat();
            }
            return iteration.next(out, next, inner);
        };
        return super.iterate(counted, writer, object, scopes);
    }

    @Override
    public String stringify(Object object) {
        return String.valueOf(unwrap(object));
    }

    @Nullable
    static Object unwrap(@Nullable Object object) {
        return object instanceof ListView view ? view.values : object;
    }

    private static String[] path(String name) {
        return name == null ? new String[0] : name.split("\\."); // plain text is a part without a name
    }

    /** The innermost scope that has the first part of a dotted name decides. */
    @Nullable
    private Object lookup(String[] path, List<Object> scopes) {
        for (int i = scopes.size() - 1; i >= 0; i--) {
            Object value = coerce(scopes.get(i));
            int depth = 0;
            while (depth < path.length && value instanceof Map<?, ?> map && map.containsKey(path[depth])) {
                value = coerce(map.get(path[depth++]));
            }
            if (depth == path.length) {
                return value;
            }
        }
        return null;
    }

    /** A list that sections iterate and names index. */
    private static final class ListView extends AbstractMap<Object, Object> implements Iterable<Object> {
        private final List<?> values;

        ListView(List<?> values) {
            this.values = values;
        }

        @Override
        public boolean containsKey(Object key) {
            return get(key) != null;
        }

        @Override
        public Object get(Object key) {
            if ("size".equals(key)) {
                return values.size();
            }
            try {
                int at = Integer.parseInt(key.toString());
                return at < 0 || at >= values.size() ? null : values.get(at);
            } catch (NumberFormatException e) {
                return null;
            }
        }

        @Override
        public Set<Entry<Object, Object>> entrySet() {
            throw new UnsupportedOperationException("a list has no entries");
        }

        @Override
        public Iterator<Object> iterator() {
            return Collections.<Object>unmodifiableList(values).iterator();
        }
    }
}
