package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"runtime"

	"go.uber.org/fx"
)

const handlerGroup = "jobs.handlers"

// AsHandler makes fx put a handler where [Module] finds it:
//
//	fx.Provide(jobs.AsHandler(NewWelcome))
//
// h is a [Handler], or a constructor of a Handler or of a []Handler, with or without an
// error. Anything else is an error of the application that names it.
func AsHandler(h any) any {
	if handler, ok := h.(Handler); ok {
		h = func() Handler { return handler }
	}
	many, err := constructs(h, reflect.TypeFor[Handler]())
	if err != nil {
		return fx.Error(fmt.Errorf("jobs: AsHandler takes a jobs.Handler or a constructor of one: %w", err))
	}
	tag := `group:"` + handlerGroup + `"`
	if many {
		tag = `group:"` + handlerGroup + `,flatten"`
	}
	return fx.Annotate(h, fx.ResultTags(tag))
}

// Handlers is [AsHandler] of each, provided.
func Handlers(h ...any) fx.Option {
	var opts []fx.Option
	for _, one := range h {
		made := AsHandler(one)
		if wrong, ok := made.(fx.Option); ok {
			opts = append(opts, wrong)
			continue
		}
		opts = append(opts, fx.Provide(made))
	}
	return fx.Options(opts...)
}

// constructs reports whether f is a constructor of a slice of want rather than of one,
// with or without an error; it fails if f is neither. Where want is an interface, what has its methods will do.
func constructs(f any, want reflect.Type) (many bool, err error) {
	t := reflect.TypeOf(f)
	if t == nil || t.Kind() != reflect.Func {
		return false, fmt.Errorf("%v is a %T", f, f)
	}
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	n := t.NumOut()
	if n == 2 && t.Out(1) == reflect.TypeFor[error]() {
		n = 1
	}
	if n != 1 || t.Out(0) != reflect.SliceOf(want) && !isA(t.Out(0), want) {
		return false, fmt.Errorf("%s is a %s", name, t)
	}
	return t.Out(0) == reflect.SliceOf(want), nil
}

// isA reports whether a value of type t can stand for one of type want.
func isA(t, want reflect.Type) bool {
	return t == want || want.Kind() == reflect.Interface && t.Implements(want)
}

// placed provides values, or constructors of them, in their order, as the group "jobs.<kind>".
func placed[T any](kind string, values []any) fx.Option {
	var opts []fx.Option
	want, group := reflect.TypeFor[T](), fmt.Sprintf(`group:"jobs.%s"`, kind)
	for i, v := range values {
		if t := reflect.TypeOf(v); t != nil && t.ConvertibleTo(want) {
			value := reflect.ValueOf(v).Convert(want).Interface().(T)
			opts = append(opts, fx.Provide(fx.Annotate(func() place[T] { return place[T]{i, value} }, fx.ResultTags(group))))
			continue
		}
		if many, err := constructs(v, want); err != nil || many {
			opts = append(opts, fx.Error(fmt.Errorf("jobs: %s: want a %s, or a constructor of one, and got %w", kind, want, cmp.Or(err, errMany))))
			continue
		}
		name := fmt.Sprintf(`name:"jobs.%s.%d"`, kind, i)
		tags := []fx.Annotation{fx.ResultTags(name)}
		if want.Kind() == reflect.Interface && reflect.TypeOf(v).Out(0) != want {
			tags = append(tags, fx.As(new(T)))
		}
		opts = append(opts, fx.Provide(
			fx.Annotate(v, tags...),
			fx.Annotate(func(v T) place[T] { return place[T]{i, v} }, fx.ParamTags(name), fx.ResultTags(group)),
		))
	}
	return fx.Options(opts...)
}

var errMany = errors.New("a constructor of several")
