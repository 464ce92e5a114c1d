//! Refusals in English; the same content as the Russian ones, which come first.

use super::RefusalText;
use crate::domain::refusal::RefusalCode as R;

/// The texts of a code.
pub(super) const fn text(code: R) -> RefusalText {
    match code {
        R::F01 => F01,
        R::F02 => F02,
        R::F03 => F03,
        R::F04 => F04,
        R::F05 => F05,
        R::F06 => F06,
        R::F07 => F07,
        R::F08 => F08,
        R::F09 => F09,
        R::F10 => F10,
        R::F11 => F11,
        R::F12 => F12,
        R::F13 => F13,
        R::F14 => F14,
        R::F15 => F15,
        R::F16 => F16,
        R::F17 => F17,
        R::F18 => F18,
        R::F19 => F19,
        R::F20 => F20,
        R::F21 => F21,
        R::F22 => F22,
        R::F23 => F23,
        R::B01 => B01,
        R::B02 => B02,
    }
}

const F01: RefusalText = RefusalText {
    title: "You did not agree to share the data",
    what_happened: "You signed in, but did not allow the organisation's data to be passed on. Without it we cannot check that the page is the organisation's.",
    what_to_do: "Sign in again and choose \"Allow\". We receive only facts about the organisation and your right to act for it.",
    whom_to_ask: "If there is no \"Allow\" button, ask Gosuslugi support.",
};

const F02: RefusalText = RefusalText {
    title: "Your Gosuslugi account is not confirmed",
    what_happened: "Your Gosuslugi account is not confirmed yet. Only a confirmed account may act for an organisation.",
    what_to_do: "Confirm your account through a bank or at a service centre. Then apply again.",
    whom_to_ask: "The Gosuslugi site shows the nearest service centre.",
};

const F03: RefusalText = RefusalText {
    title: "You are not listed in this organisation",
    what_happened: "Gosuslugi says that you are not among the employees of this organisation.",
    what_to_do: "Ask to be added to the organisation's Gosuslugi profile. Then apply again.",
    whom_to_ask: "The head of the organisation or the administrator of its Gosuslugi profile.",
};

const F04: RefusalText = RefusalText {
    title: "Only the head or the profile administrator can confirm the page",
    what_happened: "You work in the organisation. Only its head or the administrator of its Gosuslugi profile may confirm a page for it.",
    what_to_do: "Ask the head to start the confirmation: the head has to be an administrator of the community for that. Or ask to be made an administrator of the organisation's profile, and start again.",
    whom_to_ask: "The head of the organisation or the administrator of its Gosuslugi profile.",
};

const F05: RefusalText = RefusalText {
    title: "No organisation with an OGRN was found",
    what_happened: "Your Gosuslugi account has no organisation, or the organisation's profile has no OGRN.",
    what_to_do: "Sign in as somebody who represents the organisation. If it has no profile yet, its head creates one. If it has one, add the OGRN.",
    whom_to_ask: "The head of the organisation or Gosuslugi support.",
};

const F06: RefusalText = RefusalText {
    title: "The organisation is liquidated",
    what_happened: "Gosuslugi says that this organisation has ceased to exist. A liquidated organisation cannot get a badge.",
    what_to_do: "If it has a successor, apply for the successor. If this is an error, have the register of legal entities corrected.",
    whom_to_ask: "The tax office that keeps the register, or the founder.",
};

const F07: RefusalText = RefusalText {
    title: "The organisation was reorganised",
    what_happened: "The organisation became part of another one or was transformed. Its successor now answers for the page.",
    what_to_do: "Apply for the successor. After the check the badge moves to it.",
    whom_to_ask: "The head of the successor or the founder.",
};

const F08: RefusalText = RefusalText {
    title: "The records of the head differ",
    what_happened: "The head at Gosuslugi is not the head in the register of legal entities. This happens when the head has changed recently.",
    what_to_do: "Check both records and update the older one. Then apply again.",
    whom_to_ask: "The tax office for the register, Gosuslugi support for the profile.",
};

const F09: RefusalText = RefusalText {
    title: "Your access to the organisation is closed",
    what_happened: "Your access to this organisation at Gosuslugi is blocked or ended. This happens after leaving a job.",
    what_to_do: "If you still work there, ask for your access back. If not, another representative has to apply.",
    whom_to_ask: "The head of the organisation or the administrator of its Gosuslugi profile.",
};

const F10: RefusalText = RefusalText {
    title: "The branch cannot be told from its head office",
    what_happened: "You represent a branch. It shares the OGRN of its head office, and its profile has no name of its own.",
    what_to_do: "Enter the branch's name in the Gosuslugi profile and apply again. Or let the head office confirm the page.",
    whom_to_ask: "The administrator of the head office's profile.",
};

const F11: RefusalText = RefusalText {
    title: "The unit is not a legal entity",
    what_happened: "A department without an OGRN of its own cannot get a badge by itself.",
    what_to_do: "Let the organisation that the department belongs to apply.",
    whom_to_ask: "The head of the parent organisation.",
};

const F12: RefusalText = RefusalText {
    title: "The organisation already has a confirmed page",
    what_happened: "The organisation already has a page with a badge on this platform. A second page needs an operator's decision.",
    what_to_do: "Write why another page is needed. If the earlier page is no longer needed, give up its badge.",
    whom_to_ask: "The operator of this service.",
};

const F13: RefusalText = RefusalText {
    title: "The organisation is not a state or municipal one",
    what_happened: "The badge is for public authorities and the organisations under them. By its legal form your organisation is neither.",
    what_to_do: "Check that you chose the right organisation when signing in. If the legal form in the profile is out of date, update it and apply again.",
    whom_to_ask: "The founder of the organisation or the operator of this service.",
};

const F14: RefusalText = RefusalText {
    title: "The organisation is exempt from keeping a page",
    what_happened: "By decision of an authority this organisation need not keep an official page. It needs no badge.",
    what_to_do: "You need not do anything. If a page is wanted all the same, tell the operator.",
    whom_to_ask: "The authority that decided, or the operator of this service.",
};

const F15: RefusalText = RefusalText {
    title: "The page was renamed",
    what_happened: "The name of the page has changed. We cannot confirm that under the new name it is the same organisation.",
    what_to_do: "Restore the earlier name, or confirm the new one by signing in again.",
    whom_to_ask: "The administrator of the page or the operator of this service.",
};

const F16: RefusalText = RefusalText {
    title: "A stranger may have taken over the page",
    what_happened: "It was reported that a stranger controls the page. The badge does not hold until this is checked.",
    what_to_do: "Regain control through the platform's support. Change passwords and turn on two-step sign-in. Then tell us.",
    whom_to_ask: "The social network's support and the operator of this service.",
};

const F17: RefusalText = RefusalText {
    title: "The service cannot sign you in at the moment",
    what_happened: "This is not your mistake. The fault is on our side, and only we can remove it.",
    what_to_do: "Your application is kept. Try again in an hour by the same link. You need not fill anything in again.",
    whom_to_ask: "If it still fails after a day, write to the operator of this service.",
};

const F18: RefusalText = RefusalText {
    title: "Gosuslugi does not answer at the moment",
    what_happened: "This is not your mistake. Signing in through Gosuslugi is overloaded or unavailable for now.",
    what_to_do: "Your application is kept. Try again in a few minutes by the same link.",
    whom_to_ask: "If it fails for more than a day, write to the operator of this service.",
};

const F19: RefusalText = RefusalText {
    title: "The sign-in has to be started again",
    what_happened: "The sign-in was used already, took too long, or was begun in another browser.",
    what_to_do: "Open the link of the application and sign in again in the same browser. Do not use the Back button.",
    whom_to_ask: "If it happens again, write to the operator of this service.",
};

const F20: RefusalText = RefusalText {
    title: "The service is not set up correctly for sign-in",
    what_happened: "This is not your mistake. Gosuslugi did not recognise our service's address. Only we can correct that.",
    what_to_do: "Your application is kept. Try again tomorrow by the same link.",
    whom_to_ask: "If it still fails tomorrow, write to the operator of this service.",
};

const F21: RefusalText = RefusalText {
    title: "The second step of the sign-in failed",
    what_happened: "Gosuslugi asked for a code or another confirmation, and it could not be given.",
    what_to_do: "Check your phone number and sign-in confirmation at Gosuslugi. Then sign in again.",
    whom_to_ask: "Gosuslugi support.",
};

const F22: RefusalText = RefusalText {
    title: "The organisation's data contradicts itself",
    what_happened: "There is an error in the organisation's profile. It may be a wrong digit in the OGRN, or the head's own INN.",
    what_to_do: "Compare OGRN, INN, KPP and name with the extract from the register of legal entities. Correct the Gosuslugi profile and apply again.",
    whom_to_ask: "The administrator of the organisation's Gosuslugi profile.",
};

const F23: RefusalText = RefusalText {
    title: "You did not sign in for an organisation",
    what_happened: "You signed in as a private person or a sole trader. Only an organisation can get a badge.",
    what_to_do: "Sign in again and choose the organisation from the list. If it is not there, ask to be added to its profile.",
    whom_to_ask: "The head of the organisation or the administrator of its Gosuslugi profile.",
};

const B01: RefusalText = RefusalText {
    title: "The page already carries another organisation's badge",
    what_happened: "This page is confirmed as the page of another organisation. A page can have only one badge.",
    what_to_do: "Check the link of the page. If the page was handed over to you, let the earlier organisation give up its badge.",
    whom_to_ask: "The organisation whose badge the page carries, or the operator of this service.",
};

const B02: RefusalText = RefusalText {
    title: "The badge of this page is suspended",
    what_happened: "The page has a badge, but it is suspended at the moment. No new badge is issued until the reason is gone.",
    what_to_do: "Open the public record of the page: it names the reason. Remove the reason and ask for the badge back.",
    whom_to_ask: "The operator of this service.",
};
