//! The table of routes as data: every path, the methods it answers and what each of them is for. The router, the decision
//! about who may ask, the OpenAPI document and the test of every role at every route are all made of it.

use std::collections::BTreeMap;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::{Method, StatusCode, header};
use axum::routing::{MethodFilter, MethodRouter, on};

use crate::access::Action;
use crate::problem::{Kind, Problem};
use crate::service::Shared;

/// One path.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) path: &'static str,
    /// What each method is for; HEAD is for what GET is, where nothing else is said of it.
    actions: Vec<(Method, Action)>,
    methods: MethodRouter<Shared>,
    /// Whether it answers OPTIONS by itself.
    describes: bool,
}

/// A resource that is read.
pub(crate) fn get<H, T>(path: &'static str, action: Action, handler: H) -> Row
where
    H: Handler<T, Shared>,
    T: 'static,
{
    Row::of(path, Method::GET, action, on(MethodFilter::GET, handler))
}

/// A resource of which only the head is told.
pub(crate) fn head<H, T>(path: &'static str, action: Action, handler: H) -> Row
where
    H: Handler<T, Shared>,
    T: 'static,
{
    Row::of(path, Method::HEAD, action, on(MethodFilter::HEAD, handler))
}

/// A resource that takes a body of at most `longest` bytes and answers it.
pub(crate) fn post<H, T>(path: &'static str, action: Action, handler: H, longest: usize) -> Row
where
    H: Handler<T, Shared>,
    T: 'static,
{
    Row::of(path, Method::POST, action, posted(handler, longest))
}

/// What answers a body of at most `longest` bytes.
fn posted<H, T>(handler: H, longest: usize) -> MethodRouter<Shared>
where
    H: Handler<T, Shared>,
    T: 'static,
{
    on(MethodFilter::POST, handler).layer(DefaultBodyLimit::max(longest))
}

impl Row {
    fn of(
        path: &'static str,
        method: Method,
        action: Action,
        methods: MethodRouter<Shared>,
    ) -> Self {
        Self {
            path,
            actions: vec![(method, action)],
            methods,
            describes: false,
        }
    }

    /// The same that can be taken back, too.
    pub(crate) fn delete<H, T>(self, action: Action, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        self.and(Method::DELETE, action, on(MethodFilter::DELETE, handler))
    }

    /// The same that answers a body of at most `longest` bytes, too.
    pub(crate) fn post<H, T>(self, action: Action, handler: H, longest: usize) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        self.and(Method::POST, action, posted(handler, longest))
    }

    /// The same that is changed in part, too.
    pub(crate) fn patch<H, T>(self, action: Action, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        self.and(Method::PATCH, action, on(MethodFilter::PATCH, handler))
    }

    /// The same that says more of its methods than which there are.
    pub(crate) fn options<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        self.methods = self.methods.merge(on(MethodFilter::OPTIONS, handler));
        self.describes = true;
        self
    }

    fn and(mut self, method: Method, action: Action, methods: MethodRouter<Shared>) -> Self {
        self.actions.push((method, action));
        self.methods = self.methods.merge(methods);
        self
    }

    /// What answers at the path, OPTIONS and refused methods included.
    pub(crate) fn methods(&self) -> MethodRouter<Shared> {
        let allowed = self.allowed();
        let options = move || async move { (StatusCode::NO_CONTENT, [(header::ALLOW, allowed)]) };
        let refuse = move || async move {
            Problem::new(
                Kind::MethodNotAllowed(allowed),
                format!("Allowed are {allowed}."),
            )
        };
        let methods = self.methods.clone().fallback(refuse);
        if self.describes {
            methods
        } else {
            methods.options(options)
        }
    }

    fn allowed(&self) -> &'static str {
        let has = |method| self.actions.iter().any(|(of, _)| of == method);
        if has(&Method::PATCH) {
            return "HEAD, PATCH, DELETE, OPTIONS";
        }
        match [&Method::GET, &Method::POST, &Method::DELETE].map(has) {
            [true, false, false] => "GET, HEAD, OPTIONS",
            [true, true, false] => "GET, HEAD, POST, OPTIONS",
            [true, false, true] => "GET, HEAD, DELETE, OPTIONS",
            [true, true, true] => "GET, HEAD, POST, DELETE, OPTIONS",
            [false, true, false] => "POST, OPTIONS",
            [false, true, true] => "POST, DELETE, OPTIONS",
            [false, false, true] => "DELETE, OPTIONS",
            [false, false, false] => "OPTIONS",
        }
    }
}

/// What each method of each path is for.
#[derive(Debug, Default)]
pub(crate) struct Routes(BTreeMap<&'static str, Vec<(Method, Action)>>);

impl Routes {
    pub(crate) fn of(rows: &[Row]) -> Self {
        let facts = rows.iter().map(|row| (row.path, row.actions.clone()));
        Self(facts.collect())
    }

    /// What a method of a path is for; paths are the same with a slash at the end.
    pub(crate) fn action(&self, path: &str, method: &Method) -> Option<Action> {
        let path = match path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        let actions = self.0.get(path)?;
        let found = actions.iter().find(|(of, _)| of == method);
        found.map(|&(_, action)| action)
    }
}

impl Routes {
    /// The same of an address of the OpenAPI document, in which some variables stand for themselves and others have values.
    pub(crate) fn action_at(&self, address: &str, method: &Method) -> Option<Action> {
        let fits = |path: &str| {
            let (mut of, mut at) = (path.split('/'), address.split('/'));
            loop {
                match (of.next(), at.next()) {
                    (None, None) => return true,
                    (Some(of), Some(at)) if of.starts_with('{') || of == at => {}
                    _ => return false,
                }
            }
        };
        let fitting = self.0.keys().filter(|path| fits(path));
        // The one that says most of it.
        let path = fitting.min_by_key(|path| path.matches('{').count())?;
        self.action(path, method)
    }
}

/// A method of a route, as [`routes`] lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Template of the path, such as `/collections/{collection}`; the same with a slash at its end is the same route.
    pub path: &'static str,
    /// Its method; what answers GET answers HEAD.
    pub method: Method,
    /// What it is for: `probe`, `describe`, `read`, `compute`, `upload` or `keep`.
    pub action: &'static str,
}

/// Every route of the service: documents and tests are compared with it.
pub fn routes() -> Vec<Route> {
    let rows = crate::router::table();
    let of_row = |row: Row| {
        let path = row.path;
        row.actions.into_iter().map(move |(method, action)| Route {
            path,
            method,
            action: action.name(),
        })
    };
    rows.into_iter().flat_map(of_row).collect()
}
