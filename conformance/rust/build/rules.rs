//! Says the CEL rules in other words, of the same meaning, that prost-protovalidate can follow.
//!
//! - It gives a rule plain values, in which an absent field has its default, but for the fields that the rule names
//!   as `has(this.path)`. `this.items.all(i, has(i.name))` names none, so that every item seems to have a name. To
//!   such a rule `has(this.items.name)` is added, in a branch that is never taken.
//! - The crate `cel` copies a list for each item that `filter` and `map` add to it: to filter 16,384 messages takes
//!   minutes. `filter(i, p).map(i, e)` becomes `map(i, p, e)`, which makes no list of messages.

use std::collections::{BTreeSet, HashMap};

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, operators};
use cel::{ParseErrors, Program};
use prost_reflect::{DynamicMessage, ReflectMessage, Value};

/// Where a value stands below `this`. Lists are no step of it.
type Place = Vec<String>;

/// What the variables of an expression stand for, as far as it is known.
type Scope = HashMap<String, Place>;

/// Rewrites every CEL rule inside a message, for example in a `google.protobuf.FileDescriptorSet`.
pub fn rewrite(message: &mut DynamicMessage) -> Result<(), ParseErrors> {
    if message.descriptor().full_name() == "buf.validate.Rule"
        && let Some(Value::String(expression)) = message.get_field_by_name_mut("expression")
    {
        *expression = rewritten(expression)?;
        return Ok(());
    }
    message
        .fields_mut()
        .try_for_each(|(_, value)| enter(value))?;
    message
        .extensions_mut()
        .try_for_each(|(_, value)| enter(value))
}

fn enter(value: &mut Value) -> Result<(), ParseErrors> {
    match value {
        Value::Message(message) => rewrite(message),
        Value::List(items) => items.iter_mut().try_for_each(enter),
        _ => Ok(()),
    }
}

fn rewritten(expression: &str) -> Result<String, ParseErrors> {
    let expression = fused(expression);
    let program = Program::compile(&expression)?;
    let mut found = BTreeSet::new();
    let scope = HashMap::from([("this".to_owned(), Place::new())]);
    collect(&program.expression().expr, &scope, &mut found);
    if found.is_empty() {
        return Ok(expression);
    }
    let named: Vec<String> = found
        .iter()
        .map(|place| format!("has(this.{place})"))
        .collect();
    Ok(format!(
        "true || {} ? ({expression}) : false",
        named.join(" || ")
    ))
}

/// Collects the fields that `has` asks for, other than by their whole path below `this`.
fn collect(expr: &Expr, scope: &Scope, found: &mut BTreeSet<String>) {
    match expr {
        Expr::Select(select) => {
            let operand = &select.operand.expr;
            if select.test && !is_path(operand) {
                found.extend(place(operand, scope).map(|place| joined(place, &select.field)));
            }
            collect(operand, scope, found);
        }
        Expr::Comprehension(comprehension) => {
            collect(&comprehension.iter_range.expr, scope, found);
            let inner = inside(comprehension, scope);
            for part in [
                &comprehension.loop_cond,
                &comprehension.loop_step,
                &comprehension.result,
            ] {
                collect(&part.expr, &inner, found);
            }
        }
        Expr::Call(call) => {
            let parts = call.target.iter().map(|target| &target.expr);
            parts
                .chain(call.args.iter().map(|arg| &arg.expr))
                .for_each(|part| collect(part, scope, found));
        }
        Expr::List(list) => list
            .elements
            .iter()
            .for_each(|item| collect(&item.expr, scope, found)),
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    collect(&entry.value.expr, scope, found);
                }
            }
        }
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => {}
    }
}

fn is_path(expr: &Expr) -> bool {
    match expr {
        Expr::Ident(name) => name == "this",
        Expr::Select(select) => is_path(&select.operand.expr),
        _ => false,
    }
}

fn joined(mut place: Place, field: &str) -> String {
    place.push(field.to_owned());
    place.join(".")
}

/// Returns what the variables stand for inside of `all`, `exists`, `filter` or `map`.
fn inside(comprehension: &ComprehensionExpr, scope: &Scope) -> Scope {
    let mut inner = scope.clone();
    inner.remove(&comprehension.iter_var);
    let range = place(&comprehension.iter_range.expr, scope);
    inner.extend(range.map(|range| (comprehension.iter_var.clone(), range)));
    inner
}

/// Returns where a value, or each item of a list, stands below `this`. None: it stands nowhere, or in two places.
fn place(expr: &Expr, scope: &Scope) -> Option<Place> {
    match expr {
        Expr::Ident(name) => scope.get(name).cloned(),
        Expr::Select(select) => {
            let mut found = place(&select.operand.expr, scope)?;
            found.push(select.field.clone());
            Some(found)
        }
        Expr::List(list) => match list.elements.as_slice() {
            [only] => place(&only.expr, scope),
            _ => None,
        },
        Expr::Comprehension(comprehension) => {
            place(&comprehension.loop_step.expr, &inside(comprehension, scope))
        }
        Expr::Call(call) => place_of_call(call, scope),
        _ => None,
    }
}

/// `filter` and `map` are `condition ? result + [item] : result`, or the sum alone.
fn place_of_call(call: &CallExpr, scope: &Scope) -> Option<Place> {
    let index = match call.func_name.as_str() {
        operators::ADD | operators::CONDITIONAL => 1,
        operators::INDEX => 0,
        _ => return None,
    };
    place(&call.args.get(index)?.expr, scope)
}

/// Makes one `map` of each `filter` that a `map` with the same variable follows.
fn fused(expression: &str) -> String {
    let Some((before, call)) = expression.split_once(".filter(") else {
        return expression.to_owned();
    };
    let end = closing(call).expect("parentheses of an expression that was linted are balanced");
    let (arguments, after) = (&call[..end], &call[end + 1..]);
    let (variable, _) = arguments.split_once(',').expect("filter has two arguments");
    match after.strip_prefix(&format!(".map({variable},")) {
        Some(mapped) => format!("{before}.map({arguments},{}", fused(mapped)),
        None => format!("{before}.filter({}", fused(call)),
    }
}

/// Returns where the parenthesis closes that was opened before the text begins.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (index, mark) in text.char_indices() {
        match (quote, mark) {
            (Some(open), mark) if open == mark => quote = None,
            (None, '\'' | '"') => quote = Some(mark),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return Some(index),
            (None, ')') => depth -= 1,
            _ => {}
        }
    }
    None
}
