using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>THREAD=REFERENCES: the steps of RFC 5256 §3, in their order.</summary>
internal sealed class ReferenceThreads
{
    private readonly Dictionary<string, Node> _byId = new(StringComparer.Ordinal);
    private readonly List<Node> _all = [];

    /// <summary>A message, or a Message-ID that others refer to.</summary>
    private sealed class Node
    {
        public ThreadedMessage? Message { get; set; }

        public Node? Parent { get; set; }

        public List<Node> Children { get; set; } = [];

        public bool IsDummy => Message is null;

        /// <summary>Its message; of a dummy the first child's, which is one once dummies are pruned.</summary>
        public ThreadedMessage First => Message ?? Children[0].Message!;

        public void Adopt(Node child)
        {
            child.Parent?.Children.Remove(child);
            child.Parent = this;
            Children.Add(child);
        }
    }

    public static IReadOnlyList<ThreadPlace> Of(IReadOnlyList<ThreadedMessage> messages)
    {
        var threads = new ReferenceThreads();
        // 1. link by Message-IDs
        foreach (var message in messages) threads.Link(message);
        // 2. gather the roots
        var roots = threads._all.FindAll(node => node.Parent is null);
        // 3. prune dummies
        roots = Prune(roots);
        // 4. sort the roots, by the date of the first child where they are dummies
        foreach (var root in roots.Where(root => root.IsDummy)) root.Children.Sort(ByDate);
        roots.Sort(ByDate);
        // 5. gather roots of the same base subject
        roots = MergeBySubject(roots);
        // 6. sort all siblings
        return Places(roots);
    }

    private void Link(ThreadedMessage message)
    {
        Node? parent = null;
        foreach (var id in message.Parents)
        {
            var node = Of(id);
            if (parent is not null && node.Parent is null && !IsWithin(parent, node)) parent.Adopt(node);
            parent = node;
        }
        var own = message.MessageId is { } messageId && Of(messageId) is { IsDummy: true } known ? known : Add();
        own.Message = message;
        // A parent that it got from the References of others gives way to the one it names itself.
        own.Parent?.Children.Remove(own);
        own.Parent = null;
        if (parent is not null && !IsWithin(parent, own)) parent.Adopt(own);
    }

    private Node Of(string id)
    {
        if (_byId.TryGetValue(id, out var node)) return node;
        _byId.Add(id, node = Add());
        return node;
    }

    private Node Add()
    {
        var node = new Node();
        _all.Add(node);
        return node;
    }

    /// <summary>The node is the ancestor or one of its descendants: to make it the parent of the ancestor would be a loop.</summary>
    private static bool IsWithin(Node node, Node ancestor)
    {
        if (node == ancestor) return true;
        if (ancestor.Children.Count == 0) return false;
        for (var at = node.Parent; at is not null; at = at.Parent)
        {
            if (at == ancestor) return true;
        }
        return false;
    }

    /// <summary>Dummies without children go; others give way to their children, but at the root only to a single one. Deep conversations are no recursion here.</summary>
    private static List<Node> Prune(List<Node> roots)
    {
        // Children before their parents.
        foreach (var node in Preorder(roots).AsEnumerable().Reverse())
        {
            if (!node.Children.Exists(child => child.IsDummy)) continue;
            var kept = new List<Node>(node.Children.Count);
            foreach (var child in node.Children)
            {
                if (!child.IsDummy) kept.Add(child);
                else kept.AddRange(child.Children);
            }
            foreach (var child in kept) child.Parent = node;
            node.Children = kept;
        }
        var pruned = new List<Node>(roots.Count);
        foreach (var root in roots)
        {
            if (!root.IsDummy || root.Children.Count > 1) pruned.Add(root);
            else if (root.Children is [var only])
            {
                only.Parent = null;
                pruned.Add(only);
            }
        }
        return pruned;
    }

    private static List<Node> MergeBySubject(List<Node> roots)
    {
        var table = new Dictionary<string, Node>(StringComparer.Ordinal);
        foreach (var root in roots)
        {
            var subject = root.First.Subject;
            if (subject.Text.Length == 0) continue;
            if (!table.TryGetValue(subject.Text, out var there) || root.IsDummy && !there.IsDummy || IsReply(there) && !IsReply(root) && root.IsDummy == there.IsDummy) table[subject.Text] = root;
        }
        var gone = new HashSet<Node>();
        var replaced = new Dictionary<Node, Node>();
        foreach (var root in roots)
        {
            var subject = root.First.Subject.Text;
            if (subject.Length == 0 || table[subject] is var there && there == root) continue;
            there = table[subject];
            if (there.IsDummy && root.IsDummy)
            {
                foreach (var child in root.Children) child.Parent = there;
                there.Children.AddRange(root.Children);
            }
            else if (there.IsDummy || IsReply(root) && !IsReply(there)) there.Adopt(root);
            else
            {
                var both = new Node();
                both.Adopt(there);
                both.Adopt(root);
                table[subject] = both;
                replaced[there] = both;
            }
            gone.Add(root);
        }
        return [.. roots.Where(root => !gone.Contains(root)).Select(root => replaced.GetValueOrDefault(root, root))];
    }

    private static bool IsReply(Node node) => !node.IsDummy && node.Message!.Subject.IsReply;

    private static List<ThreadPlace> Places(List<Node> roots)
    {
        foreach (var node in Preorder(roots).AsEnumerable().Reverse()) node.Children.Sort(ByDate);
        roots.Sort(ByDate);
        var places = new List<ThreadPlace>();
        var waiting = new Stack<(Node Node, int Depth)>(roots.AsEnumerable().Reverse().Select(root => (root, 0)));
        while (waiting.TryPop(out var place))
        {
            places.Add(new ThreadPlace(place.Node.Message?.Uid, place.Depth));
            for (var i = place.Node.Children.Count - 1; i >= 0; i--) waiting.Push((place.Node.Children[i], place.Depth + 1));
        }
        return places;
    }

    private static List<Node> Preorder(List<Node> roots)
    {
        var nodes = new List<Node>();
        var waiting = new Stack<Node>(roots);
        while (waiting.TryPop(out var node))
        {
            nodes.Add(node);
            foreach (var child in node.Children) waiting.Push(child);
        }
        return nodes;
    }

    private static int ByDate(Node left, Node right)
        => left.First.Sent.CompareTo(right.First.Sent) is var order and not 0 ? order : left.First.Uid.CompareTo(right.First.Uid);
}
