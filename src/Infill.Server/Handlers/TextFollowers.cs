using Infill.Completion.Acceptance;
using Infill.Completion.Documents;
using Infill.Completion.Typing;

namespace Infill.Server.Handlers;

/// <summary>All who follow a text that is typed in, a document's or a notebook's, in the order that they depend on. Runs in the ordered turn.</summary>
internal sealed class TextFollowers(Session session, TypingThrough typing, AcceptanceLedger ledger)
{
    /// <summary>What runs for it goes on where it agrees; the requests for what it was are outdone.</summary>
    public void Edited(string uri, SourceText text)
    {
        typing.Edited(uri, text);
        session.Active.Supersede(uri, session.SupersededError);
        ledger.Edited(uri, text);
    }

    /// <summary>Nothing goes on for a text that is gone or unknown.</summary>
    /// <param name="uri">The text's.</param>
    /// <param name="last">As it was at its end; null where that isn't known.</param>
    public void Dropped(string uri, SourceText? last)
    {
        typing.Closed(uri);
        session.Active.Supersede(uri, session.SupersededError);
        ledger.Closed(uri, last);
    }
}
