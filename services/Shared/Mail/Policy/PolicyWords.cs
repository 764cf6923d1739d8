namespace Merpati.Mail.Policy;

/// <summary>The words of policies, capsules, metrics and headers for <see cref="PolicyAction"/>: never change them.</summary>
public static class PolicyWords
{
    private static readonly PolicyAction[] All = Enum.GetValues<PolicyAction>();

    public static IEnumerable<string> Actions => All.Select(Name);

    public static string Name(this PolicyAction action) => action switch
    {
        PolicyAction.Accept => "accept",
        PolicyAction.Junk => "junk",
        PolicyAction.Quarantine => "quarantine",
        PolicyAction.Defer => "defer",
        PolicyAction.Reject => "reject",
        PolicyAction.Redirect => "redirect",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Null when the word is none of them.</summary>
    public static PolicyAction? Action(string word) => Array.FindIndex(All, action => action.Name() == word) is var at and >= 0 ? All[at] : null;
}
