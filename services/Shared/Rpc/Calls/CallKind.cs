namespace Merpati.Rpc.Calls;

/// <summary>How long a call may take, and whether it may be made twice (docs/adr/0009).</summary>
internal enum CallKind
{
    /// <summary>Changes nothing: made again when the connection fails.</summary>
    Question,

    /// <summary>A change that is the same when made twice: made again when the connection fails.</summary>
    Repeatable,

    /// <summary>A change, or an answer, that would not be the same: made again only if nothing of it was sent.</summary>
    Once,
}
