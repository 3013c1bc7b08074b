-- modules: html

local function same(got, want)
  assert(got == want, "got:  " .. tostring(got) .. "\nwant: " .. want)
end

local function new()
  return assert(html.sanitize.new_policy())
end

test("presets allow nothing, common content, and text [html.presets]", function()
  same(new():sanitize("<p>Hello <b>world</b></p>"), "Hello world")
  same(html.sanitize.strict_policy():sanitize("<p>Hello <b>world</b>!</p>"), "Hello world!")
  local ugc = assert(html.sanitize.ugc_policy())
  same(ugc:sanitize("<p>Hello <strong>world</strong></p>"), "<p>Hello <strong>world</strong></p>")
  same(ugc:sanitize('<p>Hello <script>alert("xss")</script></p>'), "<p>Hello </p>")
  same(ugc:sanitize('<h1 id="x" onclick="y">T</h1><ul><li>1</li></ul><table><tr><td colspan="2">c</td></tr></table>'),
    '<h1 id="x">T</h1><ul><li>1</li></ul><table><tr><td colspan="2">c</td></tr></table>')
  same(ugc:sanitize('<a href="https://example.com/?a=1&b=2">x</a>'), '<a href="https://example.com/?a=1&amp;b=2" rel="nofollow">x</a>')
  same(ugc:sanitize('<img src="/a.png" onerror="alert(1)">'), '<img src="/a.png">')
  same(ugc:sanitize('<form action="/x"><input name="y">text</form>'), "text")
end)

test("elements are allowed by name, in a chain [html.elements]", function()
  local policy = new()
  assert(policy:allow_elements("p", "STRONG") == policy)
  policy:allow_elements("em"):allow_elements("br")
  same(policy:sanitize("<p>a <strong>b</strong> <em>c</em><br/> <u>d</u></p>"), "<p>a <strong>b</strong> <em>c</em><br> d</p>")
end)

test("attributes are allowed on elements or everywhere [html.attrs]", function()
  local policy = new():allow_elements("a", "img", "p")
  policy:allow_attrs("href", "target"):on_elements("a")
  policy:allow_attrs("class"):globally()
  same(policy:sanitize('<a href="/x" target="_top" title="t" class="c">a</a><p href="/x" class="d">b</p>'),
    '<a href="/x" target="_top" class="c">a</a><p class="d">b</p>')
  assert(policy:allow_attrs("alt"):on_elements("img") == policy)
end)

test("values must match, a bad expression is Invalid [html.matching]", function()
  local policy = new()
  local builder = assert(policy:allow_attrs("style"):matching("^color:#[0-9a-fA-F]{6}$"))
  assert(builder:on_elements("span") == policy)
  same(policy:sanitize('<span style="color:#ff0000">Red</span>'), '<span style="color:#ff0000">Red</span>')
  same(policy:sanitize('<span style="background:red">Bad</span>'), "<span>Bad</span>")
  local none, err = policy:allow_attrs("id"):matching("(?=x")
  assert(none == nil and err:kind() == errors.INVALID and err:retryable() == false)
end)

test("addresses are bound to schemes, relative ones to permission [html.urls]", function()
  local function link(policy, url)
    return policy:sanitize('<a href="' .. url .. '">x</a>') ~= "<a>x</a>"
  end
  local function linking()
    return new():allow_attrs("href"):on_elements("a")
  end
  local policy = linking():allow_url_schemes("https", "mailto")
  assert(link(policy, "https://example.com") and link(policy, "mailto:a@example.com"))
  assert(not link(policy, "http://example.com") and not link(policy, "javascript:alert(1)") and not link(policy, "/page"))
  policy:allow_relative_urls(true)
  assert(link(policy, "/page") and link(policy, "page?x=1#y"))
  policy:allow_relative_urls(false)
  assert(not link(policy, "/page"))
  policy = linking():require_parseable_urls(true)
  assert(link(policy, "https://example.com/a%20b") and not link(policy, "https://exa mple.com:port/") and not link(policy, "/%zz"))
  assert(link(linking():require_parseable_urls(false), "/%zz"))
  policy = linking():allow_standard_urls()
  assert(link(policy, "http://example.com") and link(policy, "/page") and not link(policy, "ftp://example.com"))
end)

test("addresses that run code never pass, however they are written [html.urls]", function()
  local policies = {
    new():allow_attrs("href"):on_elements("a"),
    new():allow_attrs("href"):on_elements("a"):allow_standard_urls(),
    html.sanitize.ugc_policy(),
  }
  for _, url in ipairs({
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)",
    "&#106;avascript:alert(1)", "&#x6A&#x61vascript:alert(1)", "javascript&colon;alert(1)", "\1javascript:alert(1)",
    "vbscript:msgbox(1)", "data:text/html,<script>alert(1)</script>", "data:text/html;base64,PHNjcmlwdD4=", "java\0script:alert(1)",
  }) do
    for i, policy in ipairs(policies) do
      same(policy:sanitize('<a href="' .. url .. '">x</a>'), "<a>x</a>")
      assert(i)
    end
  end
end)

test("links gain rel and target [html.links]", function()
  local policy = new():allow_attrs("href", "rel"):on_elements("a"):require_nofollow_on_links(true)
  same(policy:sanitize('<a href="https://example.com">Link</a>'), '<a href="https://example.com" rel="nofollow">Link</a>')
  same(policy:sanitize('<a href="/x" rel="author nofollow">Link</a>'), '<a href="/x" rel="author nofollow">Link</a>')
  same(policy:sanitize("<a>no link</a>"), "<a>no link</a>")
  policy:require_noreferrer_on_links(true)
  same(policy:sanitize('<a href="/x">Link</a>'), '<a href="/x" rel="nofollow noreferrer">Link</a>')
  policy = new():allow_attrs("href", "target"):on_elements("a"):add_target_blank_to_fully_qualified_links(true)
  same(policy:sanitize('<a href="https://example.com">Link</a>'), '<a href="https://example.com" target="_blank">Link</a>')
  same(policy:sanitize('<a href="/x">Link</a>'), '<a href="/x">Link</a>')
  policy:add_target_blank_to_fully_qualified_links(false)
  same(policy:sanitize('<a href="https://example.com">Link</a>'), '<a href="https://example.com">Link</a>')
end)

test("groups allow images, data images, lists, tables, standard attributes [html.groups]", function()
  same(new():allow_images():sanitize('<img src="photo.jpg" alt="Photo" width="10" onload="x">'), '<img src="photo.jpg" alt="Photo" width="10">')
  local policy = new():allow_elements("img"):allow_attrs("src"):on_elements("img")
  same(policy:sanitize('<img src="data:image/png;base64,iVBORw0=">'), "<img>")
  policy:allow_data_uri_images()
  same(policy:sanitize('<img src="data:image/png;base64,iVBORw0=">'), '<img src="data:image/png;base64,iVBORw0=">')
  same(policy:sanitize('<img src="data:image/svg+xml;base64,iVBORw0=">'), "<img>")
  same(policy:sanitize('<img src="data:text/html;base64,iVBORw0=">'), "<img>")
  same(new():allow_lists():sanitize("<ul><li>1</li></ul><ol><li>2</li></ol><dl><dt>a</dt><dd>b</dd></dl>"),
    "<ul><li>1</li></ul><ol><li>2</li></ol><dl><dt>a</dt><dd>b</dd></dl>")
  local tables = "<table><caption>c</caption><thead><tr><th>h</th></tr></thead><tbody><tr><td>d</td></tr></tbody><tfoot><tr><td>f</td></tr></tfoot></table>"
  same(new():allow_tables():sanitize(tables), tables)
  same(new():allow_elements("p"):allow_standard_attributes():sanitize('<p id="intro" class="text" title="A &quot;B&quot;" dir="rtl" lang="de-AT" style="x">Hello</p>'),
    '<p id="intro" class="text" title="A &#34;B&#34;" dir="rtl" lang="de-AT">Hello</p>')
  same(new():allow_elements("p"):allow_standard_attributes():sanitize('<p id="a b<" dir="up">x</p>'), "<p>x</p>")
end)

test("the output is well formed, and code goes with its element [html.sanitize]", function()
  local policy = new():allow_elements("p", "b", "i", "div", "br")
  same(policy:sanitize("<p>one <b>two <i>three"), "<p>one <b>two <i>three</i></b></p>")
  same(policy:sanitize("<b>one <i>two</b> three</i>"), "<b>one <i>two</i></b> three")
  same(policy:sanitize("a < b && c > d"), "a &lt; b &amp;&amp; c &gt; d")
  same(policy:sanitize("&lt;script&gt;alert(1)&lt;/script&gt;"), "&lt;script&gt;alert(1)&lt;/script&gt;")
  same(policy:sanitize("<scr<script>ipt>alert(1)</script>"), policy:sanitize("<scr<script>ipt>alert(1)</script>"))
  assert(not policy:sanitize("<scr<script>ipt>alert(1)</scr</script>ipt>"):find("<script", 1, true))
  same(policy:sanitize("x<script>alert('</p>')</script>y<style>p{}</style>z<!-- c --><!DOCTYPE html>"), "xyz")
  same(policy:sanitize("<iframe src='x'>in</iframe><object>in</object><noscript><p>in</p></noscript>out"), "out")
  same(policy:sanitize("<svg><script>alert(1)</script></svg><math><mi>x</mi></math>"), "x")
  same(policy:sanitize(""), "")
  same(policy:sanitize("grün 😀 &uuml;&nbsp;"), "grün 😀 ü\194\160")
end)

test("elements that run code are never allowed, by whatever name [html.sanitize]", function()
  local policy = new():allow_elements("script", "SCRIPT", "style", "iframe", "p")
  same(policy:sanitize("<p>a</p><script>alert(1)</script><style>x</style><iframe></iframe>"), "<p>a</p>")
  policy = new():allow_attrs("title"):on_elements("p")
  same(policy:sanitize([[<p title="</p><script>alert(1)</script>">x</p>]]), '<p title="&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;">x</p>')
  same(policy:sanitize([[<p title='" onclick="x'>x</p>]]), '<p title="&#34; onclick=&#34;x">x</p>')
end)

test("input meant to take for ever is answered soon [html.sanitize]", function()
  local policy = html.sanitize.ugc_policy()
  local none, err = policy:sanitize(("<div>"):rep(100000) .. ("</x>"):rep(100000))
  assert(none == nil and err:kind() == errors.INVALID and err:message() == "html is nested deeper than 512 elements")
  assert(#policy:sanitize(("<"):rep(200000)) > 0)
  assert(policy:sanitize(("<a "):rep(50000)))
  assert(policy:sanitize("<p " .. ("x=y "):rep(100000) .. ">"))
  assert(policy:sanitize(("<b></x>"):rep(500) .. ("</y>"):rep(100000)))
end)

test("whatever comes in, only what is allowed comes out, closed and nested [html.sanitize]", function()
  local tokens = {
    "<", ">", "</", "/>", "<p", "<b>", "</b>", "<a href=", "<img src=", "<script>", "</script>", "<style>", "<svg>", "<math>", "<table>", "<td>",
    "<!--", "-->", "<![CDATA[", "]]>", "<?xml", "<textarea>", "</textarea>", "<title>", "</title>", "<noscript>", "<template>", "<xmp>", "</xmp>",
    "javascript:alert(1)", "https://e.com/", "onerror=alert(1)", "\"", "'", "`", "=", " ", "\n", "\t", "\0", "&", "&lt;", "&#60;", "&#x3c", "x", "ü", "\255",
    " style=x ", " id=y ", "<li>", "<select>", "<option>", "<plaintext>", "<iframe srcdoc=", "<br>", "<p/>", "<A HREF=", "</p x=y>",
  }
  local seed = 99
  local function random(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % n + 1
  end
  local allowed = {}
  for name in ("p b a img table td li br tr tbody"):gmatch("%a+") do allowed[name] = true end
  local policy = html.sanitize.ugc_policy()
  for _ = 1, 400 do
    local parts = {}
    for i = 1, random(25) do parts[i] = tokens[random(#tokens)] end
    local dirty = table.concat(parts)
    local clean = assert(policy:sanitize(dirty))
    local open = {}
    for close, name, rest in clean:gmatch("<(/?)([^%s>/]*)([^>]*)>") do
      assert(allowed[name], dirty .. " gave " .. clean)
      if close == "/" then assert(table.remove(open) == name, "not nested: " .. clean)
      elseif name ~= "br" and name ~= "img" then open[#open + 1] = name end
      for attribute in rest:gmatch('%s([^%s="]+)="[^"]*"') do
        assert(({ href = 1, src = 1, id = 1, rel = 1 })[attribute], dirty .. " gave " .. clean)
      end
      assert(not rest:lower():find("javascript:", 1, true), clean)
    end
    assert(#open == 0, "not closed: " .. clean)
  end
end)
