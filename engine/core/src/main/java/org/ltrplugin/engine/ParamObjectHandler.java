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

/**
 * Looks up the variables of a template in the params of a request: a map by key, a list by position or {@code size}.
 * Unlike the handlers of the mustache library, it never accesses fields or methods of Java objects.
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
            if (out instanceof LimitedWriter limited) {
                limited.countRepetition();
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
        return name == null ? new String[0] : name.split("\\."); // the name of plain text is null
    }

    /** The value of a dotted name. Null when no scope has it; inner scopes are searched first. */
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

    /** A list that a section can iterate and a name can index. */
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
                int index = Integer.parseInt(key.toString());
                return index < 0 || index >= values.size() ? null : values.get(index);
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
