//! ESIA's REST reads: the person, the person's organisations, an organisation. Bodies as captured in the field; members not
//! known here are passed over, since ESIA adds some without notice. What a body looks like inside is in `rest_bodies`.

use futures_util::{StreamExt as _, TryStreamExt as _};
use oauth2::HttpRequest;
use oauth2::http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use oauth2::http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;

use super::errors::{explain_coded, fault};
use super::rest_bodies::{Collection, Element, RawOrganisation, RawPerson, RawRole};
use super::transport::{Repeat, Step};
use crate::domain::refusal::RefusalCode::{F17, F18};
use crate::ports::identity_provider::{IdpError, UnverifiedOrganisation, UnverifiedRole};

/// Elements of one collection that are read one by one; a person in more organisations is not foreseen.
const MAX_ADDRESSES: usize = 50;
/// Of them at the same time.
const AT_ONCE: usize = 4;

/// The person's record.
pub(super) async fn person(base: &str, person: u64, token: &str, http: Step<'_>) -> Result<RawPerson, IdpError> {
    get(format!("{base}/rs/prns/{person}"), token, http).await
}

/// The person's organisations.
pub(super) async fn roles(base: &str, person: u64, token: &str, http: Step<'_>) -> Result<Vec<UnverifiedRole>, IdpError> {
    let list: Collection<RawRole> = get(format!("{base}/rs/prns/{person}/roles"), token, http).await?;
    let own = person.to_string();
    resolve(list, base, token, http).await?.into_iter().map(|role| role.into_role(&own)).collect()
}

/// An organisation's record.
pub(super) async fn organisation(base: &str, oid: &str, token: &str, http: Step<'_>) -> Result<UnverifiedOrganisation, IdpError> {
    get::<RawOrganisation>(format!("{base}/rs/orgs/{oid}"), token, http).await?.into_organisation(oid)
}

/// The collection's objects in its order; those given as addresses are read. All addresses are checked before the first is.
async fn resolve<T: DeserializeOwned>(list: Collection<T>, base: &str, token: &str, http: Step<'_>) -> Result<Vec<T>, IdpError> {
    let elements = list.into_elements();
    let addresses = elements.iter().filter(|e| matches!(e, Element::Address(_))).count();
    if addresses > MAX_ADDRESSES {
        return Err(fault(F17, "ESIA's list has more addresses in it than are read"));
    }
    let checked = elements.into_iter().map(|element| match element {
        Element::Address(address) => Ok(Element::Address(checked_address(&address, base)?)),
        object => Ok(object),
    });
    let checked: Vec<_> = checked.collect::<Result<_, IdpError>>()?;
    let reads = checked.into_iter().map(async |element| match element {
        Element::Address(address) => get(address, token, http).await,
        Element::Object(object) => Ok(object),
    });
    futures_util::stream::iter(reads).buffered(AT_ONCE).try_collect().await
}

/// An address our token may be sent to: ESIA's own origin, the REST interface.
fn checked_address(address: &str, base: &str) -> Result<String, IdpError> {
    let foreign = || fault(F17, "ESIA's list names an address outside its REST interface; the token is not sent there");
    let url = Url::parse(address).map_err(|_| foreign())?;
    let own = url.origin().ascii_serialization() == base && url.username().is_empty() && url.password().is_none();
    if own && url.path().starts_with("/rs/") { Ok(url.into()) } else { Err(foreign()) }
}

/// An id as ESIA makes them: digits. Anything else would change the path or the scope it is put into.
pub(super) fn checked_oid(oid: &str) -> Result<&str, IdpError> {
    if (1..=20).contains(&oid.len()) && oid.bytes().all(|b| b.is_ascii_digit()) {
        Ok(oid)
    } else {
        Err(fault(F17, "an organisation's id at ESIA is not a number"))
    }
}

#[derive(Deserialize)]
struct RestError {
    code: Option<String>,
    message: Option<String>,
}

/// Reads one object with a bearer token.
async fn get<T: DeserializeOwned>(url: String, token: &str, http: Step<'_>) -> Result<T, IdpError> {
    let mut bearer =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| fault(F17, "the access token does not fit into a header"))?;
    bearer.set_sensitive(true);
    let mut request = HttpRequest::new(Vec::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = url.try_into().map_err(|_| fault(F17, "an address at ESIA cannot be formed; check idp.esia.base_url"))?;
    request.headers_mut().insert(AUTHORIZATION, bearer);
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));

    let answer = http.send(request, Repeat::Safe).await?;
    let body = answer.body();
    if answer.status() != StatusCode::OK {
        return Err(rest_error(answer.status(), body));
    }
    serde_json::from_slice(body).map_err(|_| {
        // Told apart for the operator: a page in place of JSON passes by itself, a changed body does not.
        if serde_json::from_slice::<IgnoredAny>(body).is_err() {
            fault(F18, "ESIA's answer is not JSON; it may be a maintenance page")
        } else {
            fault(F17, "ESIA's answer has a member of the wrong type")
        }
    })
}

fn rest_error(status: StatusCode, body: &[u8]) -> IdpError {
    said(body).unwrap_or_else(|| {
        let code = if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS { F18 } else { F17 };
        fault(code, format!("ESIA refused a read with status {}", status.as_u16()))
    })
}

/// The REST interface's way to tell an error, where the body is one.
pub(super) fn said(body: &[u8]) -> Option<IdpError> {
    let RestError { code, message } = serde_json::from_slice(body).ok()?;
    explain_coded(&format!("{}: {}", code.unwrap_or_default(), message.unwrap_or_default()))
}
